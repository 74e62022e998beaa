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

/** Pairs with a lower score are not stored; lists require a higher one by default. */
const MIN_KEPT_SCORE = 0.3;
// Contacts per transaction, to keep transactions short.
const CHUNK = 500;

/**
 * Keeps the queue of likely duplicates up to date. It looks only at the present state of a contact, so that repeated, late or reordered events lead
 * to the same queue.
 */
@Injectable()
export class DuplicateDetector {
  constructor(private readonly db: Database) {}

  async check(ids: readonly string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += CHUNK) await this.checkChunk(ids.slice(i, i + CHUNK));
  }

  /**
   * Writes and commits the keys before it searches: if two duplicates are checked concurrently, the second search sees the keys of the first. Only
   * the search is serialized.
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
  // Contacts changed meanwhile: newer keys may have been overwritten by these, so they are computed again.
  const changed = await changedSince(tx, probes);
  if (changed.length > 0) for (const [id, one] of await writeAllKeys(tx, changed)) probes.set(id, one);
  return probes;
}

async function judgeChunk(tx: EntityManager, ids: readonly string[], probes: Map<string, Probe>): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('duplicates ' || current_setting('kontor.tenant'), 0))`);
  // Contacts changed since are judged with their own event; judging their old state here could overwrite a newer result.
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

/** Open pairs are judged again even if too many contacts share their keys by now for the search to find them. */
async function judgeAll(tx: EntityManager, probes: ReadonlyMap<string, Probe>, known: readonly Pair[]): Promise<JudgedPair[]> {
  if (probes.size === 0) return [];
  const pairs = new Map([...known, ...(await candidatePairs(tx, probes))].map(({ a, b }) => [a + b, pairOf(a, b)]));
  return judgePairs(tx, probes, [...pairs.values()]);
}

/**
 * Deletes the open pairs of contacts in the bin, and all pairs of purged contacts, including dismissed ones. Live contacts were only changed
 * meanwhile.
 */
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
