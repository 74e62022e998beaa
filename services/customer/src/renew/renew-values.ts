import { NIL_UUID, runAs, serviceContext } from '@kontor/bus';
import { contactFieldNames } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { retryOnUniqueViolation } from '../sql/retry-on-unique-violation.js';
import { snake } from '../sql/rows.js';
import { contacts, customers, type Renewed, renewEntries } from './renew-entries.js';
import { renewCallers, renewWaiting } from './renew-records.js';

/**
 * The version of the rules by which values are stored and compared: keys, E.164, sort names. A change of the rules that affects stored values must
 * increment it, and extend `mayDiffer` to find them.
 */
const RULES = 2;
const BATCH = 2_000;

// PostgreSQL expressions for values affected by changed rules: characters that are neither plain ASCII nor escaped in JSON; decorations around
// addresses; phone numbers that are short, all zeros or contain letters; empty names.
const UNUSUAL = String.raw`[^ -\u005b\u005d-~]`;
const hasUnusual = (...texts: string[]) => `concat_ws(' ', ${texts.join(', ')}) ~ '${UNUSUAL}'`;
const mail = (list: string, key: string) => `${list}::text ~* '"${key}": "(mailto:|[''\`]|[^"]*(\\.|xn--[^"]*)")'`;
const number = (list: string) => `${list}::text ~ '"number": "([^"]*[^0-9 ()+./"-]|([^0-9"]*[0-9]){0,6}[^0-9"]*"|[^1-9"]*")'`;
const lists = `${mail('t.emails', 'address')} or ${number('t.phones')}
  or ${hasUnusual(...['external_ids', 'emails', 'phones', 'addresses', 'links', 'tags'].map((list) => `t.${list}::text`))}`;

const mayDiffer = {
  customer: `${lists} or ${hasUnusual('t.name', 't.domains::text')} or t.domains::text ~ 'xn--'`,
  contact: `${lists} or t.display_name = ''
    or ${hasUnusual(...contactFieldNames('text', 'code').map((name) => `t.${snake(name)}`))}`,
  record: `t.named is not null and (${hasUnusual('t.named::text')} or ${mail('t.named', 'email')})`,
  request: `${hasUnusual('t.caller::text')} or ${mail('t.caller', 'address')} or ${number('t.caller')}`,
};
type Table = keyof typeof mayDiffer;

const renew: Record<Table, (tx: EntityManager, ids: readonly string[]) => Promise<Renewed>> = {
  customer: (tx, ids) => renewEntries(tx, customers, ids),
  contact: (tx, ids) => renewEntries(tx, contacts, ids),
  record: async (tx, ids) => ({ written: await renewWaiting(tx, ids), gaveUp: 0 }),
  request: async (tx, ids) => ({ written: await renewCallers(tx, ids), gaveUp: 0 }),
};

/**
 * Migrates stored values to the present rules, once per version of the rules. It uses the normal writing code, so it runs after all migrations, with
 * the role of the service and row-level security. Each batch has its own transaction, because one for a whole tenant would lock its contacts for
 * minutes. After an interruption it starts again, and skips what is done.
 */
export async function renewValues(url: string): Promise<Partial<Record<Table, Renewed>>> {
  const db = await Database.connect({ name: 'customer-renew', url, poolSize: 1 });
  try {
    const [rules]: { version: number | null }[] = await db.queryAcrossTenants('select max(version) as version from value_rules', []);
    if ((rules?.version ?? 1) >= RULES) return {};
    const tenants: { id: string }[] = await db.queryAcrossTenants('select id from tenant order by id', []);
    const counts: Partial<Record<Table, Renewed>> = {};
    for (const { id } of tenants)
      for (const table of Object.keys(mayDiffer) as Table[])
        await runAs(serviceContext(id, { lane: 'bulk' }), () => renewTable(db, table, counts));
    await db.acrossTenants((tx) => tx.query('insert into value_rules (version) values ($1) on conflict do nothing', [RULES]));
    if (tenants.length > 0) new Logger('Migration').log({ event: 'values-renewed', tenants: tenants.length, ...counts });
    return counts;
  } finally {
    await db.close();
  }
}

async function renewTable(db: Database, table: Table, counts: Partial<Record<Table, Renewed>>): Promise<void> {
  for (let after: string | undefined = NIL_UUID; after !== undefined; ) {
    const batch = await retryOnUniqueViolation(() => db.transaction((tx) => renewBatch(tx, table, after ?? '')));
    after = batch.last;
    const { written, gaveUp } = counts[table] ?? { written: 0, gaveUp: 0 };
    counts[table] = { written: written + batch.written, gaveUp: gaveUp + batch.gaveUp };
  }
}

async function renewBatch(tx: EntityManager, table: Table, after: string): Promise<Renewed & { last?: string }> {
  const found: { id: string }[] = await tx.query(
    `select t.id from ${table} t where t.id > $1 and (${mayDiffer[table]}) order by t.id limit ${BATCH}`,
    [after],
  );
  if (found.length === 0) return { written: 0, gaveUp: 0 };
  const ids = found.map(({ id }) => id);
  return { ...(await renew[table](tx, ids)), last: ids.length < BATCH ? undefined : ids.at(-1) };
}
