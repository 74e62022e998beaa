import type { AboutEntry } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { phoneKeys } from '../fields/phone-number.js';
import type { Noun } from '../sql/rows.js';
import { contactRead, type StoredContact } from '../tables/contact.table.js';
import { customerRead, type StoredCustomer } from '../tables/customer.table.js';

/** The ids of an entry and of everything that was merged into it, the entry itself first. */
export async function withMerged(tx: EntityManager, noun: Noun, id: string): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `with recursive all_of_it as (
       select id, 0 as depth from ${noun} where id = $1
       union all select t.id, a.depth + 1 from ${noun} t join all_of_it a on t.merged_into = a.id
     ) select id from all_of_it order by depth, id`,
    [id],
  );
  return rows.map((row) => row.id);
}

/**
 * Everything that other services need to find their data about an entry: its present state, in the bin or not, what was merged into it, former values
 * from its history, and the import rows that it came from. Undefined if it was purged or erased.
 */
export async function aboutEntry(tx: EntityManager, kind: Noun, id: string): Promise<AboutEntry | undefined> {
  const ids = await withMerged(tx, kind, id);
  const read = kind === 'contact' ? contactRead : customerRead;
  const entries: (StoredContact | StoredCustomer)[] = await tx.query(`select ${read.columns} from ${read.from} where t.id = any($1)`, [
    ids,
  ]);
  const entry = entries.find((one) => one.id === id);
  if (!entry) return undefined;
  const keys = {
    emails: unique(entries.flatMap(({ emails }) => emails.map(({ address }) => address))),
    phones: unique(entries.flatMap(({ phones }) => phones.flatMap((phone) => [...phoneKeys(phone), phone.number]))),
    externalIds: entries.flatMap(({ externalIds }) => externalIds),
    employeeCode: 'employeeCode' in entry ? entry.employeeCode : null,
  };
  const others = entries.filter((one) => one !== entry);
  const formerly = unique([...(await textsOfHistory(tx, ids)), ...others.flatMap(textsIn)]);
  return { kind, id, entry, keys, rows: await rowsOfImports(tx, ids), formerly } as AboutEntry;
}

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/** All strings nested in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

async function textsOfHistory(tx: EntityManager, ids: readonly string[]): Promise<string[]> {
  const rows: { fields: unknown }[] = await tx.query('select fields from history where entry_id = any($1) and fields is not null', [ids]);
  return rows.flatMap(({ fields }) => textsIn(fields));
}

/** The import rows that these entries came from, according to the stored outcomes. */
async function rowsOfImports(tx: EntityManager, ids: readonly string[]): Promise<{ importId: string; batch: number; index: number }[]> {
  return tx.query(
    `select b.import_id as "importId", b.number as batch, (o.n - 1)::int as index
     from import_batch b cross join jsonb_array_elements(b.outcomes) with ordinality as o (outcome, n)
     where b.tenant_id = current_setting('kontor.tenant')::uuid and o.outcome->>'id' = any($1)`,
    [ids],
  );
}
