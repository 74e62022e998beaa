import { Database } from '@kontor/database';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  deleteKeys,
  deletePairs,
  existing,
  forgetPairsOf,
  type JudgedPair,
  type Pair,
  pairOf,
  putPairs,
  readCompared,
  readOpenPairs,
  writeKeys,
} from './duplicate.table.js';
import { candidatePairs, judgePairs, keysOf, type Sought, seek } from './find-duplicates.js';

/** Pairs below it are not kept; lists ask for more by default. */
const LEAST_KEPT = 0.3;
// Contacts in one transaction, so that none takes long.
const CHUNK = 500;

/**
 * Keeps the queue of likely duplicates true. What happened to a contact does not matter: the radar looks at what it is now, so an event
 * that comes twice, late or in another order leads to the same queue.
 */
@Injectable()
export class Radar {
  constructor(@Inject(Database) private readonly db: Database) {}

  async lookAt(ids: readonly string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += CHUNK) await this.db.transaction((tx) => lookAt(tx, ids.slice(i, i + CHUNK)));
  }
}

async function lookAt(tx: EntityManager, ids: readonly string[]): Promise<void> {
  // Of two replicas that look at two doubles at the same moment, the second must see what the first has written.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('duplicates ' || current_setting('kontor.tenant'), 0))`);
  const sought = await seek(await readCompared(tx, ids));
  const gone = ids.filter((id) => !sought.has(id));
  const known = await readOpenPairs(tx, ids);
  if (gone.length > 0) await forget(tx, gone);
  if (sought.size > 0) await writeKeys(tx, keysOf(sought));
  const kept = (await judgeAll(tx, sought, known)).filter(({ score }) => score >= LEAST_KEPT);
  const holds = new Set(kept.map(({ a, b }) => a + b));
  await deletePairs(
    tx,
    known.filter(({ a, b }) => !holds.has(a + b)).map(({ id }) => id),
  );
  await putPairs(tx, kept);
}

/** Pairs that are in the queue are judged anew even when so many share by now what they were found by that it would find them no more. */
async function judgeAll(tx: EntityManager, sought: ReadonlyMap<string, Sought>, known: readonly Pair[]): Promise<JudgedPair[]> {
  if (sought.size === 0) return [];
  const pairs = new Map([...known, ...(await candidatePairs(tx, sought))].map(({ a, b }) => [a + b, pairOf(a, b)]));
  return judgePairs(tx, sought, [...pairs.values()]);
}

/** What is in the bin is found no more; that two were said not to be the same is kept until one of them is gone for good. */
async function forget(tx: EntityManager, ids: readonly string[]): Promise<void> {
  await deleteKeys(tx, ids);
  const binned = await existing(tx, ids);
  await forgetPairsOf(
    tx,
    ids.filter((id) => !binned.has(id)),
  );
}
