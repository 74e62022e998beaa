import { isDeepStrictEqual } from 'node:util';
import type { EntityManager } from 'typeorm';

/** The two kinds of entries; also the names of their tables and the prefixes of columns that reference them. */
export type Noun = 'contact' | 'customer';

/** The columns of a table that a service writes: property name → PostgreSQL type. The column is the property in snake_case. */
export type Columns = Record<string, string>;

export const snake = (property: string): string => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Columns that both nouns have (docs/rules.md 2.3). */
export const valueColumns = {
  externalIds: 'jsonb',
  emails: 'jsonb',
  phones: 'jsonb',
  addresses: 'jsonb',
  links: 'jsonb',
  type: 'text',
  tags: 'jsonb',
  notes: 'text',
  customFields: 'jsonb',
  ownerId: 'uuid',
  access: 'jsonb',
} satisfies Columns;

/** Derived from `access`; written with every row. */
export const aclColumns = { readers: 'uuid[]', writers: 'uuid[]' } satisfies Columns;

const OPEN = `'{"restricted": false, "agents": [], "teams": []}'::jsonb`;
/** SQL: a timestamp as ISO 8601 in UTC. */
export const isoTimestamp = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** `lock` locks the rows until the transaction ends; `unfiltered` includes rows that the caller may not see, for internal work. */
export type ReadMode = 'lock' | 'unfiltered';

const recordset = (columns: Columns) =>
  `jsonb_to_recordset($1::jsonb) as r(id uuid, ${Object.entries(columns)
    .map(([p, type]) => `"${p}" ${type}`)
    .join(', ')})`;

/** Inserts any number of rows in one statement. Create, bulk and import all write through here. */
export async function insertRows(tx: EntityManager, table: string, columns: Columns, rows: readonly object[]): Promise<void> {
  const properties = Object.keys(columns);
  await tx.query(
    `insert into ${table} (tenant_id, id, ${properties.map(snake).join(', ')})
     select current_setting('kontor.tenant')::uuid, r.id, ${properties.map((p) => `r."${p}"`).join(', ')} from ${recordset(columns)}`,
    [JSON.stringify(rows)],
  );
}

/** Updates all columns of any number of rows and increments their versions, in one statement. */
export async function updateRows(tx: EntityManager, table: string, columns: Columns, rows: readonly object[]): Promise<void> {
  await tx.query(
    `update ${table} t set version = t.version + 1, updated_at = now(), ${Object.keys(columns)
      .map((p) => `${snake(p)} = r."${p}"`)
      .join(', ')}
     from ${recordset(columns)} where t.id = r.id`,
    [JSON.stringify(rows)],
  );
}

/** The select list for `columns` of alias `t`, under their property names; dates as text, timestamps as ISO 8601. */
export const selectList = (columns: Columns): string =>
  [
    't.id',
    't.version',
    ...Object.entries(columns).map(([p, type]) =>
      p === 'access' ? `coalesce(t.access, ${OPEN}) as access` : `t.${snake(p)}${type === 'date' ? '::text' : ''} as "${p}"`,
    ),
    ...['createdAt', 'updatedAt'].map((p) => `${isoTimestamp(`t.${snake(p)}`)} as "${p}"`),
  ].join(', ');

/** PostgreSQL returns the members of JSONB in another order. */
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b) || isDeepStrictEqual(a, b);

/** Names of the properties in which two rows differ. */
export function changedFields(columns: Columns, before: object, after: object): string[] {
  const a = before as Record<string, unknown>;
  const b = after as Record<string, unknown>;
  return Object.keys(columns).filter((p) => !same(a[p] ?? null, b[p] ?? null));
}
