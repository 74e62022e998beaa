import type { Import } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import type { ImportEntity } from '../import.entity.js';

export interface Counts {
  created: number;
  updated: number;
  skipped: number;
  rejected: number;
  warnings: number;
  /** Rows of the batches of the last ten seconds. */
  lately: number;
}

const LATELY_S = 10;
const NONE: Counts = { created: 0, updated: 0, skipped: 0, rejected: 0, warnings: 0, lately: 0 };

/** What the batches of these imports have come to, by import. */
export async function countsOf(tx: EntityManager, ids: readonly string[]): Promise<Map<string, Counts>> {
  const rows: ({ id: string } & Counts)[] = await tx.query(
    `select import_id as id, sum(created)::int as created, sum(updated)::int as updated, sum(skipped)::int as skipped,
            sum(rejected)::int as rejected, sum(warnings)::int as warnings,
            coalesce(sum(created + updated + skipped + rejected) filter (where committed_at > now() - interval '${LATELY_S} seconds'), 0)::int as lately
       from import_batch where import_id = any($1) group by import_id`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** How far an import is. While it runs its speed is that of the last seconds, afterwards that of the whole. */
export function progressOf(of: ImportEntity, counts: Counts = NONE, now = new Date()): Import['progress'] {
  const { created, updated, skipped, rejected, warnings, lately } = counts;
  const done = created + updated + skipped + rejected;
  const seconds = of.startedAt ? ((of.finishedAt ?? now).getTime() - of.startedAt.getTime()) / 1000 : 0;
  const rate = of.finishedAt ? perSecond(done, seconds) : perSecond(lately, Math.min(seconds, LATELY_S));
  const over = of.finishedAt !== null;
  return {
    rows: of.rows,
    done,
    created,
    updated,
    skipped,
    rejected,
    warnings,
    rowsPerSecond: rate,
    secondsLeft: over || !rate ? null : Math.ceil((of.rows - done) / rate),
    ...(of.waitingFor && { waitingFor: of.waitingFor }),
  };
}

const perSecond = (rows: number, seconds: number) => (rows > 0 ? Math.round(rows / Math.max(seconds, 0.001)) : null);
