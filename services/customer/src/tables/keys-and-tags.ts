import type { EntityManager } from 'typeorm';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import { phoneKeys } from '../fields/phone-number.js';
import type { Values } from '../fields/shared-fields.js';
import type { Noun } from '../sql/rows.js';

type KeyKind = 'email' | 'phone' | 'code' | 'external';

export interface Key {
  kind: KeyKind;
  value: string;
  primary: boolean;
  id: string;
}

export interface Keyed extends Pick<Values, 'emails' | 'phones' | 'externalIds' | 'tags'> {
  id: string;
  employeeCode?: string | null;
}

/**
 * The look-up and unique keys of a row, as stored in the key table: plain columns, so that PostgreSQL can use an index despite row-level security.
 */
export function keysOf(row: Keyed): Key[] {
  const keys = new Map<string, Key>();
  const add = (kind: KeyKind, value: string, primary = false) => {
    const known = keys.get(kind + value);
    if (value) keys.set(kind + value, { kind, value, primary: primary || (known?.primary ?? false), id: row.id });
  };
  for (const email of row.emails) add('email', emailKey(email.address), email.primary);
  for (const phone of row.phones) for (const key of phoneKeys(phone)) add('phone', key, phone.primary);
  for (const external of row.externalIds) add('external', externalIdKey(external));
  if (row.employeeCode) add('code', row.employeeCode);
  return [...keys.values()];
}

/**
 * Inserts the keys and tags of these rows, one statement per table. Sorted, so that concurrent writers lock in the same order and do not deadlock.
 */
export async function insertKeys(tx: EntityManager, noun: Noun, rows: readonly Keyed[]): Promise<void> {
  const keys = rows.flatMap((row) => keysOf(row)).sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  if (keys.length > 0)
    await tx.query(
      `insert into ${noun}_key (tenant_id, kind, value, is_primary, ${noun}_id)
       select current_setting('kontor.tenant')::uuid, * from unnest($1::text[], $2::text[], $3::boolean[], $4::uuid[])`,
      [keys.map((k) => k.kind), keys.map((k) => k.value), keys.map((k) => k.primary), keys.map((k) => k.id)],
    );
  const tags = rows.flatMap((row) => row.tags.map((tag) => ({ tag, id: row.id })));
  if (tags.length > 0)
    await tx.query(
      `insert into ${noun}_tag (tenant_id, tag, ${noun}_id)
       select current_setting('kontor.tenant')::uuid, * from unnest($1::text[], $2::uuid[])`,
      [tags.map((t) => t.tag), tags.map((t) => t.id)],
    );
}

/** Deletes keys and tags: before they are rewritten, or because the rows go to the bin, where they must not block keys. */
export async function deleteKeys(tx: EntityManager, noun: Noun, ids: readonly string[]): Promise<void> {
  await tx.query(`delete from ${noun}_key where ${noun}_id = any($1)`, [ids]);
  await tx.query(`delete from ${noun}_tag where ${noun}_id = any($1)`, [ids]);
}
