import type { ContactEntry } from '@kontor/contracts';
import type { Random } from './random.js';
import { address, email, phone } from './stand-in.js';

// Names in which everything is that search folds, joins and cuts, many of them almost the same.
const FIRST =
  "Anna Änne Ann-Kathrin Anne-Marie Jean-Pierre François Renée Zoë José Łukasz Małgorzata Jürgen Jörg Björn Søren Åsa İpek Işık Mária D'Arcy Müslüm Katharina Katarina Catherine Christian Kristian Stephan Stefan Philipp Filip Ærik Œuvre Li Bo X Ανδρέας Юрий R2D2".split(
    ' ',
  );
const LAST =
  "Müller Mueller Muller Müllner Miller Möller Meier Meyer Maier Mayr Groß Gross Gros Größer Groesser Weiß Weiss Voß O'Connor O’Brien Oconnor MacDonald Mac-Donald Smith Smyth Smithson Schmidt Schmitt Schmid Schäfer Schaefer Schafer Schröder Schroeder Müller-Lüdenscheid Meier-Groß Núñez Nunez Øster Öster Oester Straßer Strasser Æther Aether Ather Łaski Öztürk Yıldız".split(
    ' ',
  );
const HAN = { last: [...'王李张刘陈'], first: '伟 秀英 娜 丽强 敏'.split(' ') };
const STEMS = 'Hart Brun Kess Dorn Lind Wald Eich Stein Rosen Gold Silber Kirsch Birn Bär Löw Fuchs Hüt Grün Weid Sand'.split(' ');
const ENDS = 'mann berg bach feld hoff inger er el stein au ström'.split(' ');
const TRADES = 'Logistik Software Maschinenbau Partner Söhne Straßenbau Reisen'.split(' ');
const FORMS = ['GmbH', 'AG', 'GmbH & Co. KG', 'S.A.', 'e.K.'];
const TITLES = ['Head of Sales', 'Head of Procurement', 'Geschäftsführerin', 'IT-Leitung', 'Sales', null];
const CITIES = ['Berlin', 'Köln', 'Frankfurt am Main', 'Bad Homburg', 'Zürich', 'Malmö', '北京'];

/** Made-up people; the same seed gives the same ones. */
export const somePeople = (count: number, random: Random): Partial<ContactEntry>[] =>
  Array.from({ length: count }, (_, i) => aPerson(i, random));

function aPerson(i: number, { int, pick, chance }: Random): Partial<ContactEntry> {
  const chinese = chance(0.06);
  const made = () => (chance(0.6) ? pick(STEMS) + pick(ENDS) : pick(LAST));
  const lastName = chinese ? pick(HAN.last) : made() + (chance(0.1) ? pick([' ', '-', ' von ']) + made() : '');
  const firstName = chinese ? pick(HAN.first) : pick(FIRST);
  const company = `${made()} ${chance(0.2) ? '& ' : ''}${pick(TRADES)} ${pick(FORMS)}`;
  const local = [...lastName.toLowerCase()].filter((letter) => /[a-zäöü-]/.test(letter)).join('');
  const digits = String(1_000_000 + ((i * 7_919) % 9_000_000));
  const area = pick(['30', '221', '89', '171']);
  const number = pick([
    `0${area} ${digits}`,
    `+49 (0)${area}/${digits}`,
    `0049${area}-${digits.slice(0, 3)} ${digits.slice(3)}`,
    `0${area}/${digits}`,
  ]);
  return {
    firstName,
    lastName,
    middleName: !chinese && chance(0.2) ? pick(['Maria', 'A.', 'van der', 'Anna']) : null,
    companyName: chance(0.7) ? company : null,
    jobTitle: pick(TITLES),
    employeeCode: chance(0.3) ? pick([`E-${4000 + (i % 900)}`, `${30_000 + i}`, `MÜ/${i}`]) : null,
    emails: chance(0.9) ? [email(`${local || 'kontakt'}.${i.toString(36)}@${pick(['firma', 'mail-dienst', 'bär'])}.example`)] : [],
    phones: [
      ...(chance(0.8) ? [phone(number, `+49${area}${digits}`)] : []),
      ...(chance(0.2) ? [phone(`+1 (212) 555-${String(int(9999)).padStart(4, '0')}`)] : []),
    ],
    addresses: chance(0.7)
      ? [
          address({
            line1: `${made()}straße ${1 + int(200)}`,
            postalCode: `${10_000 + int(400)}`,
            city: pick(CITIES),
            country: 'Deutschland',
          }),
        ]
      : [],
    type: pick(['cold', 'warm', 'hot', null]),
    tags: chance(0.5) ? [pick(['vip', 'messe-2026', 'Neue Kunden', 'b2b'])] : [],
    notes: chance(0.2) ? `Ruft an wegen "Angebot ${int(300)}", bitte ${pick(FIRST)} ${pick(LAST)} zurückrufen` : null,
    customFields: chance(0.2) ? { contractNo: `AX ${int(300)}`, region: pick(['Nord', 'Süd-West', 'Großraum Köln']) } : {},
  };
}
