#!/usr/bin/env node
// Writes N made-up contacts as CSV to standard output. The same N and seed give the same bytes.
//   node libs/testing/make-contacts.mjs 1000000 [seed=1] > contacts.csv
// The vocabulary grows with N the way real name data does (a few very common names, a long tail
// of rare ones: about 430,000 distinct words at 1,000,000 contacts), names carry umlauts, accents,
// hyphens, apostrophes and Chinese characters, and phone numbers come in the ways people write them.
import { once } from 'node:events';

const total = Number(process.argv[2] ?? 1000);
let state = (Number(process.argv[3] ?? 1) * 0x9e3779b9) >>> 0;

function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const int = (n) => Math.floor(random() * n);
const pick = (list) => list[int(list.length)];
const chance = (p) => random() < p;

const surnames = 'Müller Schmidt Schneider Fischer Weber Meyer Meier Maier Mayer Wagner Becker Schulz Schultz Hoffmann Hofmann Schäfer Schaefer Koch Bauer Richter Klein Wolf Schröder Schroeder Neumann Schwarz Zimmermann Braun Krüger Krueger Hartmann Lange Groß Gross Weiß Weiss Jäger Böhm Voß Otto Ott Smith Smyth Johnson Williams Brown Jones Garcia Miller Davis Martinez Lopez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee White Clark Lewis Robinson Walker Young Hall Allen Wright King Scott Green Baker Adams Nelson Hill Campbell Mitchell Roberts Carter Phillips Evans Turner Parker Collins Edwards Stewart O’Brien O\'Connor MacDonald McDonald Dubois Lefèvre Lefebvre Moreau Laurent Simon Michel Leroy Roux Fontaine Rousseau Gauthier Núñez Fernández Álvarez Pérez Kowalski Nowak Wójcik Novák Svoboda Horváth Nagy Jensen Sørensen Åkesson Öberg Yıldız Öztürk'.split(' ');
const hanSurnames = [...'王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗'];
const hanGiven = [...'伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰'];
const givenNames = 'Anna Maria Lena Sophie Emma Mia Hannah Laura Julia Katharina Jürgen Jörg Björn Günther Hans Klaus Wolfgang Peter Michael Thomas Andreas Stefan Stephan Christian Martin Markus Marcus Alexander Maximilian Paul Jonas Felix Lukas Lucas James John Robert William David Richard Joseph Charles Christopher Daniel Matthew Anthony Mark Steven Stephen Andrew Kenneth George Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Sara Karen Nancy Lisa Margaret Betty Sandra Ashley Emily Kimberly Carol Catherine Katherine Kathryn François René Chloé Zoë Renée José María Łukasz Małgorzata Jean-Pierre Anne-Marie'.split(' ');
const onset = 'b br d dr f fl fr g gr h j k kl kr l m n p pf pr r s sch sp st t tr v w z'.split(' ');
const nucleus = 'a e i o u ä ö ü ei au ie'.split(' ');
const coda = 'l ll n nn r rt ck s ss st ch t tz m mm nd ng'.split(' ');
const nameEnds = 'er mann berg stein bach feld hoff meier son sen ski ke el ing haus'.split(' ');
const givenEnds = 'a e in ine ina us o an as ette y'.split(' ');
const cityEnds = 'stadt burg heim hausen dorf furt bruck ton ville ford by'.split(' ');
const trades = 'Logistik Software Consulting Maschinenbau Elektro Bau Pharma Energie Medien Foods Labs Systems Partners Trading Design Solar Optik Textil Reisen Immobilien'.split(' ');
const forms = ['GmbH', 'GmbH', 'AG', 'KG', 'GmbH & Co. KG', 'Inc.', 'LLC', 'Ltd.', 'S.A.', 'e.K.'];
const jobs = ['Einkauf', 'Buchhaltung', 'Geschäftsführerin', 'Vertriebsleiter', 'IT-Leitung', 'Office Manager', 'CEO', 'CTO', 'Head of Procurement', 'Support Engineer', 'Product Owner', 'Facility Manager', 'Assistenz', ''];
const cities = 'Berlin Hamburg München Köln Frankfurt Stuttgart Düsseldorf Leipzig Dortmund Essen Bremen Dresden Hannover Nürnberg Zürich Wien Graz Basel London Manchester Boston Chicago Seattle Austin Paris Lyon Marseille Kraków Gdańsk Praha Malmö 北京 上海 深圳'.split(' ');
const tags = ['vip', 'newsletter', 'messe-2026', 'partner', 'churn-risk', 'reference', 'b2b', 'trial'];

const word = (i, ends) => {
  // A number becomes always the same pronounceable word, so that rare names repeat as real ones do.
  const syllables = [];
  let n = i;
  do {
    syllables.push(onset[n % onset.length] + nucleus[Math.floor(n / onset.length) % nucleus.length]);
    n = Math.floor(n / (onset.length * nucleus.length));
  } while (n > 0);
  const text = syllables.reverse().join(coda[i % coda.length]) + ends[i % ends.length];
  return text[0].toUpperCase() + text.slice(1);
};
// A heavy-tailed rank: small ranks come often, and the largest rank seen grows with the number drawn.
const rank = (most, skew) => Math.floor(most ** (random() ** skew));
const draw = (common, most, ends, skew) => {
  const r = rank(most, skew) - 1;
  return r < common.length ? common[Math.max(r, 0)] : word(r, ends);
};

const ascii = (text) => text.replace(/[äÄ]/g, 'ae').replace(/[öÖøØ]/g, 'oe').replace(/[üÜ]/g, 'ue').replace(/ß/g, 'ss').replace(/ł/g, 'l').replace(/Ł/g, 'L').normalize('NFD').replace(/[^a-zA-Z-]/g, '').toLowerCase();
const digits = (n) => Array.from({ length: n }, () => int(10)).join('');
const phone = () => {
  const area = pick(['30', '40', '89', '221', '69', '711', '341']);
  const rest = digits(7);
  return pick([`+49 ${area} ${rest}`, `0${area}/${rest}`, `0${area}-${rest.slice(0, 3)} ${rest.slice(3)}`, `+49 (0)${area} / ${rest.slice(0, 3)}-${rest.slice(3)}`, `0049${area}${rest}`]);
};
const mobile = () => (chance(0.5) ? '' : pick([`+49 1${pick(['51', '60', '70', '75'])} ${digits(8)}`, `01${pick(['51', '60', '70', '75'])}${digits(8)}`, `+1 (${200 + int(700)}) ${200 + int(700)}-${digits(4)}`]));
const cell = (value) => (/[",\n;]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

const header = ['First Name', 'Middle Name', 'Last Name', 'Company', 'Job Title', 'E-mail', 'E-mail 2', 'Phone', 'Mobile', 'Street', 'City', 'State', 'ZIP', 'Country', 'Type', 'Tags', 'Notes'];
async function write(text) {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

await write(header.join(',') + '\n');
let chunk = '';
for (let i = 0; i < total; i++) {
  const han = chance(0.06);
  const last = han ? pick(hanSurnames) : draw(surnames, 400_000, nameEnds, 0.9) + (chance(0.02) ? '-' + draw(surnames, 400_000, nameEnds, 0.9) : '');
  const first = han ? pick(hanGiven) + (chance(0.6) ? pick(hanGiven) : '') : draw(givenNames, 60_000, givenEnds, 1.6);
  const middle = han || chance(0.8) ? '' : draw(givenNames, 200, givenEnds, 1.2)[0] + '.';
  const company = `${draw(surnames, 900_000, nameEnds, 0.75)} ${pick(trades)} ${pick(forms)}`;
  const domain = `${ascii(company.split(' ')[0]) || 'firma'}.example`;
  const local = han ? `contact${i}` : pick([`${ascii(first)}.${ascii(last)}`, `${ascii(first)[0] ?? 'x'}.${ascii(last)}`, `${ascii(last)}`]) + (chance(0.3) ? '' : i);
  const email = `${local || 'kontakt'}.${i.toString(36)}@${chance(0.25) ? pick(['mail.example', 'post.example', 'web.example']) : domain}`;
  const city = chance(0.75) ? pick(cities) : word(rank(60_000, 0.8), cityEnds);
  chunk += [first, middle, last, company, pick(jobs), email, chance(0.1) ? `privat.${email}` : '', phone(), mobile(), `${draw(surnames, 5000, nameEnds, 1)}straße ${1 + int(180)}`, city, '', digits(5), pick(['Deutschland', 'Germany', 'Österreich', 'USA', 'France', '']), pick(['cold', 'warm', 'hot', '']), chance(0.5) ? pick(tags) : `${pick(tags)};${pick(tags)}`, chance(0.9) ? '' : `Ruft an wegen "Angebot ${int(9999)}", bitte zurückrufen`].map(cell).join(',') + '\n';
  if (chunk.length > 1 << 16) {
    await write(chunk);
    chunk = '';
  }
}
await write(chunk);
