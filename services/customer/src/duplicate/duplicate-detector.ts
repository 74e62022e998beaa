import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  changedSince,
  deleteKeys,
  deletePairs,
  forgetPairsOf,
  type JudgedPair,
  type Pair,
  pairOf,
  readCompared,
  readOpenPairs,
  statesOf,
  upsertPairs,
  writeKeys,
} from './duplicate.table.js';
import { candidatePairs, judgePairs, keysOf, type Probe, prepare } from './find-duplicates.js';

/** Pairs below it are not kept; lists ask for more by default. */
const MIN_KEPT_SCORE = 0.3;
// Contacts in one transaction, so that none takes long.
const CHUNK = 500;

/**
 * Keeps the queue of likely duplicates true. What happened to a contact does not matter: the radar looks at what it is now, so an event
 * that comes twice, late or in another order leads to the same queue.
 */
@Injectable()
export class DuplicateDetector {
  constructor(private readonly db: Database) {}

  async check(ids: readonly string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += CHUNK) await this.checkChunk(ids.slice(i, i + CHUNK));
  }

  /**
   * First everything that contacts are found by is written and committed, then it is looked for: of two who look at two doubles at the same moment
   * the second to look sees what the first has written. So only judging goes one after the other.
   */
  private async checkChunk(ids: readonly string[]): Promise<void> {
    const probes = await this.db.transaction((tx) => writeAllKeys(tx, ids));
    await this.db.transaction((tx) => judgeChunk(tx, ids, probes));
  }
}

async function writeAllKeys(tx: EntityManager, ids: readonly string[]): Promise<Map<string, Probe>> {
  const probes = await prepare(await readCompared(tx, ids));
  const gone = ids.filter((id) => !probes.has(id));
  if (gone.length > 0) await deleteKeys(tx, gone);
  if (probes.size > 0) await writeKeys(tx, keysOf(probes));
  // Changed while we worked: somebody else may have written newer keys before ours, so ours are worked out anew.
  const changed = await changedSince(tx, probes);
  if (changed.length > 0) for (const [id, one] of await writeAllKeys(tx, changed)) probes.set(id, one);
  return probes;
}

async function judgeChunk(tx: EntityManager, ids: readonly string[], probes: Map<string, Probe>): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('duplicates ' || current_setting('kontor.tenant'), 0))`);
  // What has changed since is judged when its own event comes; with what we know of it a newer judgement would be undone.
  for (const id of await changedSince(tx, probes)) probes.delete(id);
  const known = await readOpenPairs(tx, ids);
  await removeGone(
    tx,
    ids.filter((id) => !probes.has(id)),
  );
  const about = known.filter(({ a, b }) => probes.has(a) || probes.has(b));
  const kept = (await judgeAll(tx, probes, about)).filter(({ score }) => score >= MIN_KEPT_SCORE);
  const holds = new Set(kept.map(({ a, b }) => a + b));
  await deletePairs(
    tx,
    about.filter(({ a, b }) => !holds.has(a + b)).map(({ id }) => id),
  );
  await upsertPairs(tx, kept);
}

/** Pairs that are in the queue are judged anew even when so many share by now what they were found by that it would find them no more. */
async function judgeAll(tx: EntityManager, probes: ReadonlyMap<string, Probe>, known: readonly Pair[]): Promise<JudgedPair[]> {
  if (probes.size === 0) return [];
  const pairs = new Map([...known, ...(await candidatePairs(tx, probes))].map(({ a, b }) => [a + b, pairOf(a, b)]));
  return judgePairs(tx, probes, [...pairs.values()]);
}

/** Pairs of what is in the bin go, those that were said not to be the same only with one of the two; what still is there was only changed meanwhile. */
async function removeGone(tx: EntityManager, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const states = await statesOf(tx, ids);
  const binned = ids.filter((id) => states.get(id) !== 'live');
  await deletePairs(
    tx,
    (await readOpenPairs(tx, binned)).map(({ id }) => id),
  );
  await forgetPairsOf(
    tx,
    ids.filter((id) => !states.has(id)),
  );
}
