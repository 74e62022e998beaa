import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ContactEntry, search } from '@kontor/contracts';
import { anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { playCustomer, type StandIn } from './stand-in.js';

// What the wildcards find, against regular expressions over all names: written again here, so that one mistake is not made twice.

const FIRST =
  "Anna Änne Ann-Kathrin Anne-Marie Jean-Pierre François Renée Zoë José Łukasz Małgorzata Jürgen Jörg Björn Søren Åsa İpek Işık Mária D'Arcy Müslüm ßeta Ærik Œuvre Þór 伟 秀英 娜娜 Li Bo X Ανδρέας Юрий R2D2";
const LAST =
  "Müller Mueller Muller Müllner Miller Möller Meier Meyer Maier Mayr Groß Gross Gros Größer Groesser Weiß Weiss Voß O'Connor O’Brien Oconnor MacDonald Mac-Donald Smith Smyth Smithson Schmidt Schmitt Schmid Schäfer Schaefer Schafer Schröder Schroeder Müller-Lüdenscheid Meier-Groß Núñez Nunez Øster Öster Oester Straße Strasse Æther Aether Ather Łaski Öztürk Yıldız 王 欧阳 李 Von+Berg Zu_Tal A.B.C.";

const PEOPLE = sized(200, 600);

let world: World;
let customer: StandIn;
let contacts: ContactEntry[];
const agent = anAgent();

// A pseudo-random sequence with a seed: a failure can be looked at again.
let state = 20_261_121;
const random = () => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return (state >>> 8) / 0x1000000;
};
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  const firsts = FIRST.split(' ');
  const lasts = LAST.split(' ');
  contacts = await customer.adds(
    agent.tenant,
    Array.from({ length: PEOPLE }, () => ({
      firstName: pick(firsts),
      lastName: random() < 0.3 ? `${pick(lasts)}${pick([' ', '-', ' von '])}${pick(lasts)}` : pick(lasts),
    })),
    'bulk',
  );
  await eventually(
    async () => expect((await world.ask(agent, search, { limit: 1 })).total).toEqual({ value: PEOPLE, relation: 'exact' }),
    30_000,
  );
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

const LETTERS: Record<string, string> = { ø: 'o', ł: 'l', ı: 'i', ς: 'σ' };
const SHORT: Record<string, string> = { ...LETTERS, ß: 's', æ: 'a', œ: 'o', þ: 't' };
const LONG: Record<string, string> = { ...LETTERS, ß: 'ss', æ: 'ae', œ: 'oe', þ: 'th' };
const UMLAUT: Record<string, string> = { ...LONG, ä: 'ae', ö: 'oe', ü: 'ue' };
const flat = (text: string, table: Record<string, string>) =>
  Array.from(text.toLowerCase().normalize('NFC'), (letter) => table[letter] ?? letter.normalize('NFD').replace(/\p{M}/gu, '')).join('');
const ways = (text: string) => [flat(text, SHORT), flat(text, LONG), flat(text, UMLAUT)];

const wordsIn = (name: string) =>
  name
    .split(/[^\p{L}\p{N}'’-]+/u)
    .flatMap((word) => [word.replace(/['’-]/g, ''), ...word.split(/['’-]/)])
    .filter(Boolean);

function expression(pattern: string): RegExp {
  const body = Array.from(pattern, (sign) => (sign === '*' ? '.*' : sign === '?' ? '.' : sign.replace(/[^\p{L}\p{N}]/u, '\\$&'))).join('');
  return new RegExp(`^${body}$`, 'su');
}

function expected(field: 'firstName' | 'lastName', pattern: string): string[] {
  const exact = pattern.includes('?');
  const expressions = (exact ? ways(pattern).slice(0, 1) : ways(pattern)).map(expression);
  const fits = (word: string) => (exact ? ways(word).slice(0, 1) : ways(word)).some((way) => expressions.some((one) => one.test(way)));
  return contacts.filter((contact) => wordsIn(contact[field] ?? '').some(fits)).map(({ id }) => id);
}

/** A pattern made from a name that is there: a part of a word with wildcards at the start, in the middle, at the end or on both sides. */
function aPattern(field: 'firstName' | 'lastName'): string {
  const letters = [...pick(wordsIn(pick(contacts)[field]!))];
  const at = Math.floor(random() * letters.length);
  const sign = pick(['*', '?', '*', '?', '??']);
  switch (pick(['start', 'middle', 'end', 'both', 'mixed'])) {
    case 'start':
      return sign + letters.slice(sign === '*' ? at : sign.length).join('');
    case 'end':
      return letters.slice(0, sign === '*' ? at + 1 : letters.length - sign.length).join('') + sign;
    case 'both':
      return `${sign}${letters.slice(sign === '*' ? at : 1, sign === '*' ? at + 2 : -1).join('')}${sign}`;
    case 'mixed':
      return letters.map((letter) => (random() < 0.2 ? '?' : random() < 0.1 ? '*' : letter)).join('');
    default:
      return letters.slice(0, at).join('') + sign + letters.slice(at + 1).join('');
  }
}

async function found(q: string): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await world.ask(agent, search, { q, limit: 200, cursor });
    expect(page.total.relation).toBe('exact');
    ids.push(...page.hits.map(({ id }) => id));
    if (page.nextCursor === null) {
      expect(ids).toHaveLength(page.total.value);
      return ids;
    }
    cursor = page.nextCursor;
  }
}

test('patterns in first and last names find exactly the set that regular expressions find', async () => {
  let hits = 0;
  let patterns = 0;
  while (patterns < sized(40, 200)) {
    const field = pick(['firstName', 'lastName'] as const);
    const pattern = aPattern(field);
    if (!/[*?]/.test(pattern)) continue;
    patterns++;
    const q = `${field === 'firstName' ? 'first' : 'last'}:${pattern}`;
    const want = expected(field, pattern.replace(/[^\p{L}\p{N}*?]/gu, ''));
    expect({ q, ids: (await found(q)).toSorted() }).toEqual({ q, ids: want.toSorted() });
    hits += want.length;
  }
  expect(hits).toBeGreaterThan(sized(40, 1_000));
});
