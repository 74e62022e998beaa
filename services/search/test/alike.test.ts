import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ContactEntry, type Hit, type MatchHow, search } from '@kontor/contracts';
import { anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import { fc } from '@kontor/testing/properties';
import { service } from '../src/index.js';
import { playCustomer, type StandIn } from './stand-in.js';

// What `~` and typing slips find, against the definition of an edit applied to every name: written again here, so that one mistake is not made twice.

let world: World;
let customer: StandIn;
let contacts: ContactEntry[];
const agent = anAgent();

// Few letters, so that many names are near to one another; one of two UTF-16 units is among them.
const letter = fc.constantFrom('a', 'b', 'e', 'm', 'r', 'ü', 'ß', '𐌰', '7');
const name = fc.string({ unit: letter, minLength: 1, maxLength: 11 });

/** The name with some letters left out, put in, changed or swapped. */
const misspelt = (given: string) =>
  fc.array(fc.tuple(fc.nat(9), letter, fc.constantFrom('out', 'in', 'other', 'swap')), { maxLength: 3 }).map((slips) => {
    const letters = [...given];
    for (const [at, other, slip] of slips) {
      if (slip === 'swap') letters.splice(at, 2, ...letters.slice(at, at + 2).reverse());
      else letters.splice(at, slip === 'in' ? 0 : 1, ...(slip === 'out' ? [] : [other]));
    }
    return letters.join('') || given;
  });

// A sample that has enough of each kind: see the counts at the end of the tests.
const SEED = 20_261_122;
const BASES = sized(12, 25);
const [bases = []] = fc.sample(fc.array(name, { minLength: BASES, maxLength: BASES }), { seed: SEED, numRuns: 1 });
const lastNames = bases.flatMap((base) => [base, ...fc.sample(misspelt(base), { seed: SEED, numRuns: 12 })]);

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  contacts = await customer.adds(
    agent.tenant,
    lastNames.map((lastName) => ({ lastName })),
    'bulk',
  );
  await eventually(
    async () => expect((await world.ask(agent, search, { limit: 1 })).total).toEqual({ value: lastNames.length, relation: 'exact' }),
    30_000,
  );
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

const short = (written: string) => written.replaceAll('ü', 'u').replaceAll('ß', 's');
const spellings = (written: string) => [
  short(written),
  written.replaceAll('ü', 'u').replaceAll('ß', 'ss'),
  written.replaceAll('ü', 'ue').replaceAll('ß', 'ss'),
];

/** The fewest edits between two words: every way to make them equal, letter by letter from the end. */
function edits(a: readonly string[], b: readonly string[], known = new Map<number, number>()): number {
  if (!a.length || !b.length) return a.length + b.length;
  const key = a.length * 100 + b.length;
  const before = known.get(key);
  if (before !== undefined) return before;
  const [restA, restB] = [a.slice(0, -1), b.slice(0, -1)];
  const swapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1);
  const fewest = Math.min(
    edits(restA, b, known) + 1,
    edits(a, restB, known) + 1,
    edits(restA, restB, known) + (a.at(-1) === b.at(-1) ? 0 : 1),
    swapped ? edits(a.slice(0, -2), b.slice(0, -2), known) + 1 : Infinity,
  );
  known.set(key, fewest);
  return fewest;
}
/** More than two apart is all the same here. */
function apart(a: string, b: string): number {
  const pairs = [...new Set(spellings(a))].flatMap((one) => [...new Set(spellings(b))].map((other) => [[...one], [...other]] as const));
  return Math.min(3, ...pairs.map(([one, other]) => (Math.abs(one.length - other.length) > 2 ? 3 : edits(one, other))));
}
const lengthOf = (word: string) => [...short(word)].length;

async function find(q: string): Promise<Hit[]> {
  const hits: Hit[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await world.ask(agent, search, { q, limit: 200, cursor });
    hits.push(...page.hits);
    cursor = page.nextCursor;
  }
  return hits;
}
const howOf = ({ matched }: Hit) => matched[0]?.how;
const byName = (entries: readonly { lastName: string | null }[]) => entries.map(({ lastName }) => lastName).toSorted();

const asked = fc.sample(fc.oneof(fc.constantFrom(...lastNames), ...bases.map(misspelt)), { seed: SEED + 1, numRuns: sized(12, 50) });

test('~ finds every name within so many edits, the nearest first, and else only what sounds alike', async () => {
  let near = 0;
  for (const word of asked) {
    const distance = new Map(lastNames.map((lastName) => [lastName, apart(word, lastName)]));
    const normal = lengthOf(word) >= 6 ? 2 : lengthOf(word) >= 3 ? 1 : 0;
    for (const most of [undefined, 0, 1, 2]) {
      const hits = await find(`${word}~${most ?? ''}`);
      const spelt = hits.filter((hit) => howOf(hit) !== 'sound');
      const expected = contacts.filter(({ lastName }) => distance.get(lastName!)! <= (most ?? normal));
      expect([word, most, byName(spelt)]).toEqual([word, most, byName(expected)]);
      expect(hits.slice(0, spelt.length)).toEqual(spelt);
      const distances = spelt.map(({ lastName }) => distance.get(lastName!)!);
      expect(distances).toEqual(distances.toSorted());
      near += distances.filter((one) => one > 0).length;
    }
  }
  expect(near).toBeGreaterThan(sized(50, 1_000));
});

test('a plain word finds what equals it, begins with it, contains it, or has so few slips, in this order', async () => {
  const RANKS: (MatchHow | undefined)[] = ['exact', 'prefix', 'infix', 'slip'];
  const counts = RANKS.map(() => 0);
  for (const word of asked.filter((one) => !/^7+$/.test(one))) {
    const most = lengthOf(word) >= 9 ? 2 : lengthOf(word) >= 5 ? 1 : 0;
    const some = (lastName: string, fits: (one: string, wanted: string) => boolean) =>
      spellings(lastName).some((one) => spellings(word).some((wanted) => fits(one, wanted)));
    const rankOf = (lastName: string) => {
      if (some(lastName, (one, wanted) => one === wanted)) return 0;
      if (some(lastName, (one, wanted) => one.startsWith(wanted))) return 1;
      if (lengthOf(word) >= 3 && some(lastName, (one, wanted) => one.includes(wanted))) return 2;
      return most > 0 && apart(word, lastName) <= most ? 3 : undefined;
    };
    const hits = await find(word);
    for (const [rank, how] of RANKS.entries()) {
      const expected = contacts.filter(({ lastName }) => rankOf(lastName!) === rank);
      expect([word, how, byName(hits.filter((hit) => howOf(hit) === how))]).toEqual([word, how, byName(expected)]);
      counts[rank]! += expected.length;
    }
    const ranks = hits.map((hit) => RANKS.indexOf(howOf(hit)));
    expect(ranks).toEqual(ranks.toSorted());
  }
  expect(Math.min(...counts)).toBeGreaterThan(sized(0, 20));
});
