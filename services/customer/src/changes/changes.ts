import { currentContext, runAs } from '@kontor/bus';
import { type Change, contactsChanged, customersChanged } from '@kontor/contracts';
import { emit } from '@kontor/database';
import type { EntityManager } from 'typeorm';
import type { Noun } from '../sql/rows.js';
import { type Columns, changedFields } from '../sql/rows.js';
import { BULK_THRESHOLD, noteBulkActivity } from './bulk-activity.js';

/** Old and new value by field. */
export type Fields = Record<string, [from: unknown, to: unknown]>;

/** A change of one entry: published without its values, and recorded in the history with them. */
export interface Step extends Omit<Change, 'fields'> {
  fields?: Fields;
}

/** All changes of one transaction. */
export interface Changes {
  contacts: Step[];
  customers: Step[];
}

export const noChanges = (): Changes => ({ contacts: [], customers: [] });

/** The change between two states of a row; undefined if nothing differs. */
export function updated(columns: Columns, before: { id: string; version: number }, after: object): Step | undefined {
  const a = before as unknown as Record<string, unknown>;
  const b = after as Record<string, unknown>;
  const names = changedFields(columns, before, after);
  if (names.length === 0) return undefined;
  const fields = Object.fromEntries(names.map((name) => [name, [a[name] ?? null, b[name] ?? null] as [unknown, unknown]]));
  return { id: before.id, version: before.version + 1, change: 'updated', fields };
}

const MAX_CHANGES_PER_EVENT = 1000;

/**
 * Writes the history and the events of these changes in their transaction: one insert for the history, one event per noun and 1,000 changes. Several
 * changes of one entry are published as one, with its last version.
 */
export async function recordAndPublish(tx: EntityManager, changes: Changes): Promise<void> {
  noteBulkActivity(changes.customers.length + changes.contacts.length);
  await recordHistory(tx, [...changes.customers, ...changes.contacts]);
  const contacts = lastChangePerEntry(changes.contacts);
  const customers = lastChangePerEntry(changes.customers);
  const context = currentContext();
  // Large changes use the bulk lane, whatever door they came in by, so that they do not delay interactive ones.
  const lane = contacts.length + customers.length >= BULK_THRESHOLD ? 'bulk' : context.lane;
  await runAs({ ...context, lane }, async () => {
    for (let i = 0; i < customers.length; i += MAX_CHANGES_PER_EVENT)
      await emit(tx, customersChanged, { changes: customers.slice(i, i + MAX_CHANGES_PER_EVENT) });
    for (let i = 0; i < contacts.length; i += MAX_CHANGES_PER_EVENT)
      await emit(tx, contactsChanged, { changes: contacts.slice(i, i + MAX_CHANGES_PER_EVENT) });
  });
}

/**
 * Publishes that a field derived from records (see `recordDerivedFields`) changed for these entries. Their versions stay and no history is written. Entries
 * in the bin are skipped.
 */
export async function publishDerivedChange(tx: EntityManager, noun: Noun, ids: Iterable<string>, field: string): Promise<void> {
  const all = [...new Set(ids)];
  if (all.length === 0) return;
  const rows: { id: string; version: number }[] = await tx.query(
    `select id, version from ${noun} where id = any($1) and deleted_at is null order by id`,
    [all],
  );
  const changes = rows.map(({ id, version }): Change => ({ id, version, change: 'updated', fields: [field] }));
  const event = noun === 'contact' ? contactsChanged : customersChanged;
  for (let i = 0; i < changes.length; i += MAX_CHANGES_PER_EVENT)
    await emit(tx, event, { changes: changes.slice(i, i + MAX_CHANGES_PER_EVENT) });
}

/** Purged and erased entries keep no history. */
const keepsHistory = ({ change }: Step) => change !== 'purged' && change !== 'erased';

/** Writes the history without publishing events. */
export async function recordHistory(tx: EntityManager, all: readonly Step[]): Promise<void> {
  const steps = all.filter(keepsHistory);
  if (steps.length === 0) return;
  const rows = new Map<string, Step>();
  for (const step of steps) {
    const key = `${step.id} ${step.version}`;
    const known = rows.get(key);
    rows.set(key, known ? { ...known, fields: { ...known.fields, ...step.fields } } : step);
  }
  const entries = [...rows.values()];
  const { agent, door, requestId } = currentContext();
  await tx.query(
    `insert into history (tenant_id, entry_id, version, change, fields, door, agent_id, request_id)
     select current_setting('kontor.tenant')::uuid, s.id, s.version, s.change, s.fields::jsonb, $5, $6, $7
     from unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) as s (id, version, change, fields)`,
    [
      entries.map(({ id }) => id),
      entries.map(({ version }) => version),
      entries.map(({ change }) => change),
      entries.map(({ fields }) => (fields ? JSON.stringify(fields) : null)),
      door,
      agent?.id ?? null,
      requestId,
    ],
  );
}

function lastChangePerEntry(steps: readonly Step[]): Change[] {
  const byId = new Map<string, Change>();
  for (const { id, version, change, fields, into } of steps) {
    const known = byId.get(id);
    const names = fields && Object.keys(fields);
    if (!known) byId.set(id, { id, version, change, ...(names && { fields: names }), ...(into && { into }) });
    else if (known.change === 'created') byId.set(id, { id, version, change: 'created' });
    else if (into) byId.set(id, { id, version, change, into });
    else byId.set(id, { id, version, change, fields: [...new Set([...(known.fields ?? []), ...(names ?? [])])] });
  }
  return [...byId.values()];
}
