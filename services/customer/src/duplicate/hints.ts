import { DEFAULT_MIN_SCORE, type DuplicateHint } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { contactSummary } from '../tables/contact.table.js';
import { readVisible, writeKeys } from './duplicate.table.js';
import { candidatePairs, judgePairs, keysOf, prepare } from './find-duplicates.js';
import type { Compared } from './person.js';

const MAX_HINTS = 10;

/** Writes the blocking keys of a new contact, so that the next new contact finds it without waiting for the detector. */
export async function writeDuplicateKeys(tx: EntityManager, contact: Compared): Promise<void> {
  await writeKeys(tx, keysOf(await prepare([contact])));
}

/** The contacts that a new one may be a duplicate of, likeliest first, as far as the caller may see them (docs/rules.md 9.1). */
export async function hintsFor(tx: EntityManager, contact: Compared): Promise<DuplicateHint[]> {
  const probes = await prepare([contact]);
  const judged = await judgePairs(tx, probes, await candidatePairs(tx, probes));
  const likely = judged.filter(({ score }) => score >= DEFAULT_MIN_SCORE).sort((x, y) => y.score - x.score);
  if (likely.length === 0) return [];
  const others = likely.map(({ a, b, score, reasons }) => ({ id: a === contact.id ? b : a, score, reasons }));
  const ids = others.map(({ id }) => id);
  const visible = new Map((await readVisible(tx, ids)).map((row) => [row.id, contactSummary(row)]));
  return others
    .flatMap(({ id, score, reasons }) => {
      const contact = visible.get(id);
      return contact ? [{ contact, score, reasons }] : [];
    })
    .slice(0, MAX_HINTS);
}
