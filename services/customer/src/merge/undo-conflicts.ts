import type { UndoConflict } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { Noun } from '../sql/rows.js';
import { readAndLockParents } from '../tables/lock-parents.js';
import type { Stored } from './entity-stores.js';
import { keyIn } from './fields.js';

/** Rows that come back, as far as they can be what they were. */
export interface ResolvedRows {
  rows: Stored[];
  conflicts: UndoConflict[];
}

/**
 * Rows as they can come back: a primary e-mail that another contact has by now is kept as one that is not primary, an external id that another
 * has is left out, and a customer that is not there any more is replaced by what it was merged into, or by none. The first of the rows goes first.
 */
export async function resolveUndoConflicts(tx: EntityManager, noun: Noun, rows: readonly Stored[]): Promise<ResolvedRows> {
  const conflicts: UndoConflict[] = [];
  const taken = await takenByOthers(tx, noun, rows);
  const presentIds = await presentCustomers(tx, rows);
  const back = rows.map((row) => {
    const next = { ...row };
    const addConflict = (field: string, message: string) => conflicts.push({ id: row.id, field, message });
    if (noun === 'contact') next.emails = demoteTakenEmail(row, taken.emails, addConflict);
    next.externalIds = row.externalIds.filter((one) => !taken.externals.has(externalIdKey(one)));
    if (next.externalIds.length < row.externalIds.length)
      addConflict('externalIds', `is that of another ${noun} now; it comes back without it`);
    for (const one of next.externalIds) taken.externals.add(externalIdKey(one));
    if ('customerId' in next) next.customerId = resolveCustomer(next.customerId, 'customerId', presentIds, addConflict);
    else next.parentId = resolveCustomer(next.parentId, 'parentId', presentIds, addConflict);
    return next;
  });
  return { rows: back, conflicts };
}

type AddConflict = (field: string, message: string) => void;

function demoteTakenEmail({ emails }: Stored, taken: Set<string>, addConflict: AddConflict): Stored['emails'] {
  const primary = emails.find((one) => one.primary);
  const free = primary && !taken.has(emailKey(primary.address)) ? primary : emails.find((one) => !taken.has(emailKey(one.address)));
  if (primary && free !== primary) {
    addConflict('emails', 'the primary one is that of another contact now; it stays here as one that is not primary');
    if (free) taken.add(emailKey(free.address));
    return emails.map((one) => ({ ...one, primary: one === free }));
  }
  if (primary) taken.add(emailKey(primary.address));
  return emails;
}

function resolveCustomer(
  id: string | null,
  field: string,
  presentIds: ReadonlyMap<string, string>,
  addConflict: AddConflict,
): string | null {
  if (!id) return null;
  const present = presentIds.get(id) ?? null;
  if (present !== id)
    addConflict(
      field,
      present ? `that customer was merged into ${present}; it comes back there` : 'that customer is deleted; it comes back without it',
    );
  return present;
}

async function takenByOthers(
  tx: EntityManager,
  noun: Noun,
  rows: readonly Stored[],
): Promise<{ emails: Set<string>; externals: Set<string> }> {
  const keys: { kind: string; value: string }[] = await tx.query(
    `select kind, value from ${noun}_key
     where not ${noun}_id = any($1) and (kind = 'email' and is_primary and value = any($2) or kind = 'external' and value = any($3))`,
    [
      rows.map(({ id }) => id),
      rows.flatMap(({ emails }) => emails.map((one) => keyIn('emails', one))),
      rows.flatMap(({ externalIds }) => externalIds.map(externalIdKey)),
    ],
  );
  const of = (kind: string) => new Set(keys.filter((key) => key.kind === kind).map(({ value }) => value));
  return { emails: of('email'), externals: of('external') };
}

/** The customers that these belong to, each with what it is now: itself, or what it was merged into. */
async function presentCustomers(tx: EntityManager, rows: readonly Stored[]): Promise<Map<string, string>> {
  const ids = rows.flatMap((row) => ('customerId' in row ? row.customerId : row.parentId) ?? []);
  const read = (): Promise<{ start: string; id: string }[]> =>
    tx.query(
      `with recursive way as (
       select id as start, id, merged_into, deleted_at from customer where id = any($1)
       union all select w.start, k.id, k.merged_into, k.deleted_at from customer k join way w on k.id = w.merged_into
     ) select start, id from way where deleted_at is null`,
      [[...new Set(ids)]],
    );
  const present = await readAndLockParents(tx, read, (found) => ({ customers: found.map(({ id }) => id) }));
  return new Map(present.map(({ start, id }) => [start, id]));
}
