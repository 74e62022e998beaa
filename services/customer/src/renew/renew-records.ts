import type { EntityManager } from 'typeorm';
import { publishDerivedChange } from '../changes/changes.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import { readSettings } from '../settings/settings.service.js';
import { readContacts } from '../tables/contact.table.js';
import type { RecordRow } from '../tables/record.table.js';
import { blockNewContactKeys, withContactKeyChange, writeWaiting } from '../tables/waiting-records.js';
import { normalizeLists, normalizeNamed } from './normalize-values.js';

type Waiting = Pick<RecordRow, 'id'> & { named: NonNullable<RecordRow['named']> };

/** Updates the keys that records wait for; those whose contact exists are linked. Returns how many records changed. */
export async function renewWaiting(tx: EntityManager, ids: readonly string[]): Promise<number> {
  await blockNewContactKeys(tx);
  const rows: (Waiting & { keys: string[] })[] = await tx.query(
    `select t.id, t.named, array(select w.value from record_waiting w where w.record_id = t.id) as keys
     from record t where t.id = any($1) and t.named is not null order by t.id for no key update`,
    [ids],
  );
  const next = rows.map(({ keys, ...row }) => ({ ...row, keys, named: normalizeNamed(row.named) ?? row.named }));
  const changed = next.filter(({ named, keys }) => !keysOf(named).every((key) => keys.includes(key)));
  await tx.query(
    `update record t set named = r.named, version = t.version + 1, updated_at = now()
     from jsonb_to_recordset($1::jsonb) as r (id uuid, named jsonb) where t.id = r.id and t.named is distinct from r.named`,
    [JSON.stringify(next)],
  );
  if (changed.length === 0) return 0;
  await writeWaiting(
    tx,
    changed as unknown as RecordRow[],
    changed.map(({ id }) => id),
  );
  const holders: { id: string }[] = await tx.query(
    `select distinct contact_id as id from contact_key where kind in ('email', 'external') and value = any($1)`,
    [changed.flatMap(({ named }) => keysOf(named))],
  );
  const found = holders.map(({ id }) => id);
  await withContactKeyChange(tx, await readContacts(tx, found, 'unfiltered'), async () => {});
  await publishDerivedChange(tx, 'contact', found, 'hasOpportunities');
  return changed.length;
}

const keysOf = ({ email, externalId }: Waiting['named']): string[] => [
  ...(email ? [emailKey(email)] : []),
  ...(externalId ? [externalIdKey(externalId)] : []),
];

/** Normalizes the callers of requests, which are saved to contacts. Returns how many changed. */
export async function renewCallers(tx: EntityManager, ids: readonly string[]): Promise<number> {
  const { country } = await readSettings(tx);
  const rows: { id: string; caller: Parameters<typeof normalizeLists>[0] }[] = await tx.query(
    'select id, caller from request where id = any($1) order by id for no key update',
    [ids],
  );
  const [written]: [unknown[]] = await tx.query(
    `update request t set caller = r.caller, version = t.version + 1, updated_at = now()
     from jsonb_to_recordset($1::jsonb) as r (id uuid, caller jsonb) where t.id = r.id and t.caller is distinct from r.caller returning 1`,
    [JSON.stringify(rows.map(({ id, caller }) => ({ id, caller: normalizeLists(caller, country) })))],
  );
  return written.length;
}
