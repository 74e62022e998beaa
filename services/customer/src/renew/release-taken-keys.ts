import type { EntityManager } from 'typeorm';
import { primaryEmail } from '../contact/contact-rules.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { Values } from '../fields/shared-fields.js';
import type { Noun } from '../sql/rows.js';

type Unique = Pick<Values, 'externalIds' | 'emails'> & { id: string };
/** By id: the keys that an older entry has as well. */
type Lost = Map<string, Set<string>>;

// By the new rules two entries may have the same unique key. The older one keeps it (ids are in the order of creation), whichever of them changes.

/**
 * Releases keys that an older entry has as well: a primary address becomes a non-primary one, an external id is removed (its history keeps it).
 * `rows` are about to be written; other entries that must release a key are read with `read` and added. Returns how many entries released keys.
 */
export async function releaseTakenKeys<R extends Unique>(
  tx: EntityManager,
  noun: Noun,
  rows: Map<string, R>,
  read: (ids: readonly string[]) => Promise<R[]>,
): Promise<number> {
  const externals = await lostKeys(tx, noun, 'external', rows, ({ externalIds }) => externalIds.map(externalIdKey));
  const emails = noun === 'contact' ? await lostKeys(tx, noun, 'email', rows, (row) => primaryEmail(row) ?? []) : new Map();
  const releasing = [...new Set([...externals.keys(), ...emails.keys()])];
  for (const row of await read(releasing.filter((id) => !rows.has(id)))) rows.set(row.id, row);
  for (const [id, keys] of externals) {
    const row = rows.get(id);
    if (row) rows.set(id, { ...row, externalIds: row.externalIds.filter((one) => !keys.has(externalIdKey(one))) });
  }
  await choosePrimaries(tx, rows, [...emails.keys()]);
  return releasing.length;
}

async function lostKeys<R extends Unique>(
  tx: EntityManager,
  noun: Noun,
  kind: 'external' | 'email',
  rows: ReadonlyMap<string, R>,
  keysOf: (row: R) => string | string[],
): Promise<Lost> {
  const claims = [...rows.values()].flatMap((row) => [keysOf(row)].flat().map((value) => ({ id: row.id, value })));
  if (claims.length === 0) return new Map();
  const others: typeof claims = await tx.query(
    `select ${noun}_id as id, value from ${noun}_key
     where kind = '${kind}' ${kind === 'email' ? 'and is_primary' : ''} and value = any((select $1::text[])::text[]) and not ${noun}_id = any($2)`,
    [claims.map(({ value }) => value), [...rows.keys()]],
  );
  const all = [...claims, ...others];
  const oldest = new Map<string, string>();
  for (const { id, value } of all) if (id < (oldest.get(value) ?? '~')) oldest.set(value, id);
  const lost: Lost = new Map();
  for (const { id, value } of all) if (oldest.get(value) !== id) lost.set(id, (lost.get(id) ?? new Set()).add(value));
  return lost;
}

/** Chooses the next address that no contact has as its primary one, if there is one. */
async function choosePrimaries<R extends Unique>(tx: EntityManager, rows: Map<string, R>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const addresses = ids.flatMap((id) => rows.get(id)?.emails.map(({ address }) => emailKey(address)) ?? []);
  const takenRows: { value: string }[] = await tx.query(
    `select value from contact_key where kind = 'email' and is_primary and value = any($1)`,
    [addresses],
  );
  const taken = new Set([...takenRows.map(({ value }) => value), ...[...rows.values()].flatMap((row) => primaryEmail(row) ?? [])]);
  for (const id of ids) {
    const row = rows.get(id);
    if (!row) continue;
    const next = row.emails.findIndex(({ address }) => !taken.has(emailKey(address)));
    if (next >= 0) taken.add(emailKey(row.emails[next]?.address ?? ''));
    rows.set(id, { ...row, emails: row.emails.map((one, i) => ({ ...one, primary: i === next })) });
  }
}
