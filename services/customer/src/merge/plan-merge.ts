import { AppError, grantees, invalid } from '@kontor/bus';
import type { Contact, LeftBehind, MovedCounts } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { accessColumns, mayWrite, refuseChangingAccess } from '../access/access.js';
import { displayName } from '../fields/names.js';
import type { Noun } from '../sql/rows.js';
import { serializeParentChanges } from '../tables/lock-parents.js';
import { customerOf, lockForMerge, type Stored } from './entity-stores.js';
import { isSubset } from './fields.js';
import { type Choice, mergeRows } from './merge-rows.js';
import { countMoves } from './moves.js';

export interface MergeInput {
  into: string;
  from: string[];
  fields?: Choice;
}
/** The effect of a merge; the entries involved are locked. */
export interface Plan {
  noun: Noun;
  rows: readonly [Stored, ...Stored[]];
  /** The future state of the surviving entry. */
  merged: Stored;
  leftBehind: LeftBehind[];
  counts: MovedCounts;
}

/** Plans a merge; refuses it if anything prevents it. */
export async function planMerge(tx: EntityManager, noun: Noun, { into, from, fields = {} }: MergeInput): Promise<Plan> {
  const ids = [into, ...from];
  const repeated = from.findIndex((id, i) => ids.indexOf(id) <= i);
  if (repeated >= 0) throw invalid([{ path: `from[${repeated}]`, message: 'must not be repeated', code: 'doubled' }]);
  if (noun === 'customer') await serializeParentChanges(tx);
  const rows = await lockForMerge(tx, noun, ids);
  const { row, leftBehind } = mergeRows(noun, rows, fields);
  if (noun === 'customer') {
    await refuseMovingProtected(tx, from);
    if ('parentId' in row) row.parentId = await findParentOutside(tx, row.parentId, ids);
  }
  refuseWideningAccess(noun, rows, row, fields);
  return { noun, rows, merged: mergedView(rows, row), leftBehind, counts: await countMoves(tx, noun, from, into) };
}

/** Refuses to move, together with customers, contacts and departments that the caller could not change individually. */
async function refuseMovingProtected(tx: EntityManager, customers: readonly string[]): Promise<void> {
  if (!grantees()) return;
  const [found]: unknown[] = await tx.query(
    `select 1 from customer t where t.parent_id = any($1) and t.deleted_at is null and not (${mayWrite('customer')})
     union all
     select 1 from contact t join customer k on k.tenant_id = t.tenant_id and k.id = t.customer_id
     where t.customer_id = any($1) and t.deleted_at is null and not (${mayWrite('contact')}) limit 1`,
    [customers],
  );
  if (found)
    throw new AppError(
      'forbidden',
      'These customers have contacts or departments that you may not change, so you cannot merge them; ask an admin',
    );
}

/** The nearest ancestor that is not merged itself: a department of a merged customer cannot become its parent. */
async function findParentOutside(tx: EntityManager, parentId: string | null, ids: readonly string[]): Promise<string | null> {
  const ancestors: { id: string }[] = await tx.query(
    `with recursive up as (
       select id, parent_id, 1 as n from customer where id = $1 and deleted_at is null
       union all select k.id, k.parent_id, n + 1 from customer k join up on k.id = up.parent_id where n < 1000
     ) select id from up order by n`,
    [parentId],
  );
  return ancestors[ancestors.findLastIndex(({ id }) => ids.includes(id)) + 1]?.id ?? null;
}

/**
 * A merge must not make restricted data visible to more people (docs/rules.md 2.10), unless someone who may change the access has chosen so. A
 * contact can be read by those whom both its own list and that of its customer allow.
 */
function refuseWideningAccess(noun: Noun, rows: readonly [Stored, ...Stored[]], merged: Stored, choice: Choice): void {
  const [into] = rows;
  const changed = Object.keys(choice).filter((field) => field === 'access' || field === 'ownerId');
  if (changed.length > 0) refuseChangingAccess(into, changed);
  const sameCustomer = rows.find((row) => customerOf(row) === customerOf(merged));
  const after = [accessColumns(merged).readers, sameCustomer ? customerReaders(sameCustomer) : null];
  for (const [i, row] of rows.entries()) {
    const before = [row.readers, customerReaders(row)];
    if (before.every((list) => after.some((one) => isSubset(one, list)))) continue;
    if (choice.access) {
      refuseChangingAccess(row, ['access']);
      continue;
    }
    const path = i === 0 ? 'into' : `from[${i - 1}]`;
    const message = `is restricted, and its data would become visible to others; choose with fields.access whose access the merged ${noun} has`;
    throw new AppError('conflict', `${path}: ${message}`, { id: row.id, errors: [{ path, message, code: 'restricted' }] });
  }
}

const customerReaders = (row: Stored): string[] | null => ('customerReaders' in row ? row.customerReaders : null);

/** The merged entry with its derived fields. */
function mergedView(rows: readonly [Stored, ...Stored[]], merged: Stored): Stored {
  if (!('customerId' in merged)) return { ...merged, displayName: merged.name };
  const sameCustomer = rows.filter((row) => customerOf(row) === merged.customerId) as (Stored &
    Partial<Contact> & { customerName?: string | null })[];
  const isPrimaryContact = sameCustomer.some((row) => row.isPrimaryContact === true);
  return { ...merged, displayName: displayName(merged), isPrimaryContact, customerName: sameCustomer[0]?.customerName ?? null };
}
