import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { type BlockingKey, blockingKeys } from './blocking-keys.js';
import { type JudgedPair, type Pair, pairOf, readBlocks, readCompared } from './duplicate.table.js';
import { type Person, personOf } from './person.js';
import { judge } from './score.js';

/** A contact prepared for comparison, with its blocking keys. */
export interface Probe {
  person: Person;
  keys: BlockingKey[];
}

// The most contacts that one is compared with: those that share its rarest keys.
const MAX_CANDIDATES = 100;
const CHUNK = 500;
const AT_A_TIME = 25;

/** Prepares contacts for comparison. Yields to the event loop now and then, because requests are answered on the same thread. */
export async function prepare(contacts: Parameters<typeof personOf>[0][]): Promise<Map<string, Probe>> {
  const probes = new Map<string, Probe>();
  for (const contact of contacts) {
    const person = personOf(contact);
    probes.set(person.id, { person, keys: blockingKeys(person) });
    if (probes.size % AT_A_TIME === 0) await yieldToEventLoop();
  }
  return probes;
}

/** Keys by contact id. */
export const keysOf = (probes: ReadonlyMap<string, Probe>): Map<string, string[]> =>
  new Map([...probes].map(([id, { keys }]) => [id, keys.map(({ key }) => key)]));

/** The pairs of these contacts, with others or with each other, that share enough keys. Their keys must have been written. */
export async function candidatePairs(tx: EntityManager, probes: ReadonlyMap<string, Probe>): Promise<Pair[]> {
  const all = new Set([...probes.values()].flatMap(({ keys }) => keys.map(({ key }) => key)));
  const blocks = await readBlocks(tx, [...all]);
  const pairs = new Map<string, Pair>();
  for (const { person, keys } of probes.values())
    for (const other of candidatesOf(person.id, keys, blocks)) {
      const pair = pairOf(person.id, other);
      pairs.set(pair.a + pair.b, pair);
    }
  return [...pairs.values()];
}

function candidatesOf(id: string, keys: readonly BlockingKey[], blocks: ReadonlyMap<string, readonly string[]>): Set<string> {
  const candidates = new Set<string>();
  const sharedOnce = new Set<string>();
  const byRarity = keys
    .map(({ key, maxBlockSize }) => ({ ids: blocks.get(key) ?? [], maxBlockSize }))
    .sort((x, y) => x.ids.length - y.ids.length);
  for (const { ids, maxBlockSize } of byRarity)
    for (const other of ids) {
      if (other === id || candidates.has(other)) continue;
      if (candidates.size >= MAX_CANDIDATES) return candidates;
      if (ids.length <= maxBlockSize || sharedOnce.has(other)) candidates.add(other);
      else sharedOnce.add(other);
    }
  return candidates;
}

/** Scores pairs of which at least one contact is a probe; pairs with a contact that is in the bin or purged are omitted. */
export async function judgePairs(tx: EntityManager, probes: ReadonlyMap<string, Probe>, pairs: readonly Pair[]): Promise<JudgedPair[]> {
  const judged: JudgedPair[] = [];
  for (let i = 0; i < pairs.length; i += CHUNK) {
    const chunk = pairs.slice(i, i + CHUNK);
    const others = new Set(chunk.flatMap(({ a, b }) => [a, b]).filter((id) => !probes.has(id)));
    const persons = new Map((others.size > 0 ? await readCompared(tx, [...others]) : []).map((row) => [row.id, personOf(row)]));
    const find = (id: string) => probes.get(id)?.person ?? persons.get(id);
    for (const [n, { a, b }] of chunk.entries()) {
      const one = find(a);
      const other = find(b);
      if (one && other) judged.push({ a, b, ...judge(one, other) });
      if (n % AT_A_TIME === 0) await yieldToEventLoop();
    }
  }
  return judged;
}
