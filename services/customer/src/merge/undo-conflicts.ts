import type { UndoConflict } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { Noun } from '../sql/rows.js';
import { readAndLockParents } from '../tables/lock-parents.js';
import type { Stored } from './entity-stores.js';
import { keyIn } from './fields.js';

/** Restored rows, and the conflicts because of which they differ from the original ones. */
export interface ResolvedRows {
  rows: Stored[];
  conflicts: UndoConflict[];
}

/**
 * Adapts rows that are to be restored to the present state: a primary e-mail that another contact has meanwhile becomes non-primary, a taken external
 * id is dropped, and a missing customer is replaced by what it was merged into, or by none. Earlier rows take precedence.
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
      addConflict('externalIds', `belongs to another ${noun} now; it is restored without it`);
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
    addConflict('emails', 'the primary address belongs to another contact now; it is kept here as a non-primary one');
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
      present ? `that customer was merged into ${present}; it is restored there` : 'that customer was deleted; it is restored without it',
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

/** The present ids of the customers that these rows belong to, following merges. */
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
