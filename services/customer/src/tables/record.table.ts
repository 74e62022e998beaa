import { AppError, grantees } from '@kontor/bus';
import type { BusinessRecord, NamedContact, RecordKind } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { LINKED_ROWS_EXIST, mayReadAll, mayWriteAll, readOnly } from '../access/access.js';
import { type Columns, isoTimestamp, snake } from '../sql/rows.js';

/** A record as it is stored. `named` has the keys of its contact as long as it waits for that contact. */
export interface RecordRow {
  id: string;
  source: string;
  externalId: string;
  kind: RecordKind;
  title: string | null;
  status: string | null;
  amount: string | null;
  currency: string | null;
  dueAt: string | null;
  url: string | null;
  customerId: string | null;
  contactId: string | null;
  named: Pick<NamedContact, 'email' | 'externalId'> | null;
  data: Record<string, unknown>;
}

/** A record as it is read. `customerId` and `contactId` are null while those are in the bin; `linked` has the stored links. */
export type StoredRecord = BusinessRecord & {
  linked: { customerId: string | null; contactId: string | null; contactsCustomerId: string | null };
  readers: string[] | null;
  customerReaders: string[] | null;
  mayRead: boolean;
  mayWrite: boolean;
};

const key = { source: 'text', externalId: 'text', kind: 'text' } satisfies Columns;
const changeable = {
  title: 'text',
  status: 'text',
  amount: 'numeric',
  currency: 'text',
  dueAt: 'timestamptz',
  dueOn: 'boolean',
  url: 'text',
  customerId: 'uuid',
  contactId: 'uuid',
  named: 'jsonb',
  data: 'jsonb',
} satisfies Columns;

const isDate = (dueAt: string | null) => dueAt !== null && /^\d{4}-\d\d-\d\d$/.test(dueAt);
const toStored = (row: RecordRow) => ({
  ...row,
  dueAt: isDate(row.dueAt) ? `${row.dueAt}T00:00:00Z` : row.dueAt,
  dueOn: isDate(row.dueAt),
});

const recordset = (columns: Columns) =>
  `jsonb_to_recordset($1::jsonb) as r(id uuid, ${Object.entries(columns)
    .map(([p, type]) => `"${p}" ${type}`)
    .join(', ')})`;

/** Inserts records ordered by key, so that concurrent writers do not deadlock. Violates `record_taken` if one exists. */
export async function insertRecords(tx: EntityManager, rows: readonly RecordRow[]): Promise<void> {
  if (rows.length === 0) return;
  const columns = { ...key, ...changeable };
  const properties = Object.keys(columns);
  const keyed = new Map(rows.map((row) => [keyOfRecord(row), row]));
  const sorted = [...keyed.keys()].sort().flatMap((one) => keyed.get(one) ?? []);
  await tx.query(
    `insert into record (id, ${properties.map(snake).join(', ')})
     select r.id, ${properties.map((p) => `r."${p}"`).join(', ')} from ${recordset(columns)}`,
    [JSON.stringify(sorted.map(toStored))],
  );
}

/** Updates records and returns the new versions of those that changed. */
export async function updateRecords(tx: EntityManager, rows: readonly RecordRow[]): Promise<Map<string, number>> {
  if (rows.length === 0) return new Map();
  const properties = Object.keys(changeable);
  const own = properties.map((p) => `t.${snake(p)}`).join(', ');
  const given = properties.map((p) => `r."${p}"`).join(', ');
  const [changed]: [{ id: string; version: number }[]] = await tx.query(
    `update record t set (${properties.map(snake).join(', ')}) = row(${given}), version = t.version + 1, updated_at = now()
     from ${recordset(changeable)} where t.id = r.id and (${own}) is distinct from (${given}) returning t.id, t.version`,
    [JSON.stringify(rows.map(toStored))],
  );
  return new Map(changed.map(({ id, version }) => [id, version]));
}

/** Access to a record requires access to its contact (c), the customer of that contact (ck) and its own customer (k), if it has them. */
export const mayReadRecord = () => (grantees() ? `${LINKED_ROWS_EXIST} and ${mayReadAll('c', 'ck', 'k')}` : 'true');
export const mayWriteRecord = () => mayWriteAll('c', 'ck', 'k');

const recordColumns = `t.id, t.version, t.source, t.external_id as "externalId", t.kind, t.title, t.status, t.amount::text as amount, t.currency,
  case when t.due_on then to_char(t.due_at at time zone 'utc', 'YYYY-MM-DD') else ${isoTimestamp('t.due_at')} end as "dueAt", t.url,
  case when k.deleted_at is null then k.id end as "customerId", case when c.deleted_at is null then c.id end as "contactId",
  t.named as contact, t.data, ${isoTimestamp('t.created_at')} as "createdAt", ${isoTimestamp('t.updated_at')} as "updatedAt"`;

export const recordRead = {
  columns: recordColumns,
  from: `record t
    left join contact c on c.tenant_id = t.tenant_id and c.id = t.contact_id
    left join customer ck on ck.tenant_id = c.tenant_id and ck.id = c.customer_id
    left join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id`,
};

// With two restricted customers, a reader must be in both lists.
const forWriting = () => `${recordColumns},
  jsonb_build_object('customerId', t.customer_id, 'contactId', t.contact_id, 'contactsCustomerId', c.customer_id) as linked,
  c.readers, case when ck.readers is null then k.readers when k.readers is null then ck.readers
    else array(select unnest(ck.readers) intersect select unnest(k.readers)) end as "customerReaders",
  ${mayReadRecord()} as "mayRead", ${mayWriteRecord()} as "mayWrite"`;

/** The record. Fails with the same `not-found` if it does not exist, is in the bin or is hidden from the caller. */
export async function readRecord(tx: EntityManager, id: string, kind?: RecordKind): Promise<StoredRecord> {
  const [record]: StoredRecord[] = await tx.query(
    `select ${forWriting()} from ${recordRead.from} where t.id = $1 and t.deleted_at is null and ${mayReadRecord()}`,
    [id],
  );
  if (record && (kind === undefined || record.kind === kind)) return record;
  throw new AppError('not-found', `There is no ${kind ?? 'record'} with this id`);
}

/** The same for changing it: locks the row, and fails with `forbidden` if the caller may only read it. */
export async function writableRecord(tx: EntityManager, id: string, kind?: RecordKind): Promise<StoredRecord> {
  await readRecord(tx, id, kind);
  await tx.query('select 1 from record where id = $1 for no key update', [id]);
  const record = await readRecord(tx, id, kind);
  if (!record.mayWrite) throw readOnly(kind ?? 'record');
  return record;
}

interface Key {
  source: string;
  externalId: string;
  kind: RecordKind;
}
/** Encodes a record key in one string without collisions. */
export const keyOfRecord = ({ source, externalId, kind }: Key): string => JSON.stringify([source, kind, externalId]);

/** Locks the records with these keys and returns them by `keyOfRecord`, including those that the caller may not see (`mayRead` is false). */
export async function lockRecords(tx: EntityManager, keys: readonly Key[]): Promise<Map<string, StoredRecord>> {
  const all = [keys.map((one) => one.source), keys.map((one) => one.externalId), keys.map((one) => one.kind)];
  const locked: { id: string }[] = await tx.query(
    `select t.id from record t join unnest($1::text[], $2::text[], $3::text[]) as i (source, external_id, kind)
       on t.source = i.source and t.external_id = i.external_id and t.kind = i.kind
     where t.deleted_at is null order by t.id for no key update of t`,
    all,
  );
  if (locked.length === 0) return new Map();
  const rows: StoredRecord[] = await tx.query(
    `select ${forWriting()} from ${recordRead.from} where t.id = any($1) and t.deleted_at is null`,
    [locked.map(({ id }) => id)],
  );
  return new Map(rows.map((row) => [keyOfRecord(row), row]));
}
