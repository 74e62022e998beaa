import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import { mayReadListed } from '../access/access.js';
import type { Noun } from '../sql/rows.js';

type Sort = 'name' | '-name' | 'createdAt' | '-createdAt' | 'updatedAt' | '-updatedAt' | 'number' | '-number';

// Ids are UUIDv7, so their order is the order of creation.
const sortColumns = { name: 't.sort_name', createdAt: undefined, updatedAt: 't.updated_at', number: 't.number' } as const;

/** A builder for where-conditions and their parameters. `$` in a condition stands for its parameter. */
export class Conditions {
  private readonly parts: string[] = [];
  readonly parameters: unknown[] = [];

  /** Rows that are not in the bin and that the caller may see. */
  static live(noun: Noun): Conditions {
    const where = new Conditions().add('t.deleted_at is null');
    const readable = mayReadListed(noun);
    return readable === 'true' ? where : where.add(readable);
  }

  add(condition: string, parameter?: unknown): this {
    if (parameter !== undefined) this.parameters.push(parameter);
    this.parts.push(parameter === undefined ? condition : condition.replaceAll('$', `$${this.parameters.length}`));
    return this;
  }

  /** Adds the condition only if the parameter is defined. */
  addIf(condition: string, parameter: unknown): this {
    return parameter === undefined ? this : this.add(condition, parameter);
  }

  toString(): string {
    return this.parts.join(' and ');
  }
}

interface PageOptions {
  /** The select list (at least `id`) and the from clause; the table's alias is `t`. */
  columns: string;
  from: string;
  where: Conditions;
  sort: Sort;
  limit: number;
  cursor?: string;
}

/** Reads one page in a stable order (ties are broken by id) with keyset pagination, so that the cost does not grow with the depth. */
export async function readPage<T extends { id: string }>(
  tx: EntityManager,
  { columns, from, where, sort, limit, cursor }: PageOptions,
): Promise<{ rows: T[]; nextCursor: string | null }> {
  const descending = sort.startsWith('-');
  const column = sortColumns[sort.replace('-', '') as keyof typeof sortColumns];
  if (cursor !== undefined) {
    const [value, id] = decodeSortCursor(cursor, sort);
    const than = descending ? '<' : '>';
    where.parameters.push(...(column ? [value, id] : [id]));
    const n = where.parameters.length;
    where.add(column ? `(${column}, t.id) ${than} ($${n - 1}, $${n})` : `t.id ${than} $${n}`);
  }
  const direction = descending ? 'desc' : 'asc';
  const order = column ? `${column} ${direction}, t.id ${direction}` : `t.id ${direction}`;
  const place = column ? `, ${column}::text as place` : '';
  // The inner query finds the ids in indexes; wide rows are fetched for this page only.
  const rows: (T & { place?: string })[] = await tx.query(
    `select ${columns}${place} from ${from}
     where t.id = any(array(select t.id from ${from} where ${where} order by ${order} limit ${limit + 1})) order by ${order}`,
    where.parameters,
  );
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { rows: rows.slice(0, limit), nextCursor: last ? encodeCursor(sort, last.place ?? '', last.id) : null };
}

function decodeSortCursor(cursor: string, sort: Sort): [string, string] {
  const [value, id] = decodeCursor(cursor, sort);
  const bad = sort.endsWith('updatedAt') ? Number.isNaN(Date.parse(value)) : sort.endsWith('number') && !/^\d{1,9}$/.test(value);
  if (!id || bad) throw badCursor();
  return [value, id];
}

/** Encodes the last item of a page and the order of the list as a cursor, which is opaque to clients. */
export const encodeCursor = (order: string, value: string, id: string): string =>
  Buffer.from(JSON.stringify([order, value, id])).toString('base64url');

/** Decodes a cursor; refuses invalid ones and those of another order. */
export function decodeCursor(cursor: string, order: string): [string, string] {
  try {
    const [madeFor, value, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    if (
      madeFor === order &&
      typeof value === 'string' &&
      typeof id === 'string' &&
      /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/.test(id) &&
      !value.includes('\u0000')
    )
      return [value, id];
  } catch {
    // Not a cursor: refused below.
  }
  throw badCursor();
}

function badCursor(): AppError {
  const message = 'must be the nextCursor of the previous page of this list, with the same sort';
  return new AppError('invalid', `cursor: ${message}`, { errors: [{ path: 'cursor', message, code: 'bad-cursor' }] });
}
