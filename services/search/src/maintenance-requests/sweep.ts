import type { Database, Query } from '@kontor/database';

/** The tenant whose words are checked, and how far: the words after this one have not been checked. */
export interface SweepState {
  tenant: string;
  word: string;
  field: string;
}

/**
 * Requests a check of all words for those that no entry has any more, of one tenant or of all; a running one starts again.
 * Each request starts at its own place before the first word, so that a writer in the middle of an older sweep does not mistake it for its own.
 */
export async function requestSweep(query: Query, tenant?: string): Promise<void> {
  await query(
    `insert into sweep (tenant_id, word, field)
     select tenant_id, '', gen_random_uuid() from (select distinct tenant_id from field where tenant_id = $1 or $1::uuid is null) as tenant
     on conflict (tenant_id) do update set word = excluded.word, field = excluded.field`,
    [tenant ?? null],
  );
}

export async function sweepState(db: Database): Promise<SweepState | undefined> {
  const [row] = await db.queryAcrossTenants<SweepState>('select tenant_id as tenant, word, field from sweep limit 1', []);
  return row;
}

/** Records that the words up to this one have been checked, or all; does nothing when another request came in the meantime. */
export async function saveSwept(query: Query, from: SweepState, last?: { word: string; field: string }): Promise<void> {
  const here = 'where tenant_id = $1 and word = $2 and field = $3';
  const place = [from.tenant, from.word, from.field];
  if (last) await query(`update sweep set word = $4, field = $5 ${here}`, [...place, last.word, last.field]);
  else await query(`delete from sweep ${here}`, place);
}
