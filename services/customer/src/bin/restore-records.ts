import type { NotRestored } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';

/** The assignments that restore a row from the bin. */
export const RESTORED = 'set deleted_at = null, bin_id = null, updated_at = now(), version = t.version + 1';

/** Records whose key was reused meanwhile stay in the bin. */
export async function restoreRecords(tx: EntityManager, ids: readonly string[], notRestored: NotRestored[]): Promise<number> {
  if (ids.length === 0) return 0;
  const taken: { id: string }[] = await tx.query(
    `select t.id from record t join record o on o.source = t.source and o.kind = t.kind and o.external_id = t.external_id and o.deleted_at is null
     where t.id = any($1)`,
    [ids],
  );
  for (const { id } of taken)
    notRestored.push({
      id,
      kind: 'record',
      field: 'externalId',
      message: 'there is a new record with its source, kind and externalId; it stays in the bin',
    });
  await reportMissingLinks(tx, 'record', ids, notRestored);
  const [row]: { n: number }[] = await tx.query(
    `with back as (update record t ${RESTORED} where t.id = any($1) and not t.id = any($2) returning 1) select count(*)::int as n from back`,
    [ids, taken.map(({ id }) => id)],
  );
  return row?.n ?? 0;
}

/** Restores requests; their numbers are never reused. */
export async function restoreRequests(tx: EntityManager, ids: readonly string[], notRestored: NotRestored[]): Promise<number> {
  if (ids.length === 0) return 0;
  await reportMissingLinks(tx, 'request', ids, notRestored);
  const [row]: { n: number }[] = await tx.query(
    `with back as (update request t ${RESTORED} where t.id = any($1) returning 1) select count(*)::int as n from back`,
    [ids],
  );
  return row?.n ?? 0;
}

/**
 * Reports links to contacts and customers that do not exist or are in the bin. The links are kept: they work again when the other end is restored,
 * and until then the row is hidden from agents who may not see the other end.
 */
async function reportMissingLinks(
  tx: EntityManager,
  kind: 'record' | 'request',
  ids: readonly string[],
  notRestored: NotRestored[],
): Promise<void> {
  for (const noun of ['contact', 'customer'] as const) {
    const missing: { id: string }[] = await tx.query(
      `select t.id from ${kind} t where t.id = any($1) and t.${noun}_id is not null
         and not exists (select from ${noun} n where n.id = t.${noun}_id and n.deleted_at is null)`,
      [ids],
    );
    for (const { id } of missing)
      notRestored.push({ id, kind, field: `${noun}Id`, message: `its ${noun} is in the bin or does not exist any more` });
  }
}
