/** A Meilisearch filter; `true` and `false` are everything and nothing. */
export type Filter = string | boolean;

/** The attributes a filter may name. */
export type Filterable =
  | 'id'
  | 'tenant'
  | 'kind'
  | 'type'
  | 'tags'
  | 'cities'
  | 'customerId'
  | 'ownerId'
  | 'readers'
  | 'customerReaders'
  | 'words';

/** The one place where a value becomes part of a filter. */
const quote = (value: string) => `"${value.replace(/[\\"]/g, '\\$&')}"`;

export const is = (attribute: Filterable, value: string): Filter => `${attribute} = ${quote(value)}`;
export const isIn = (attribute: Filterable, values: readonly string[]): Filter =>
  values.length ? `${attribute} IN [${values.map(quote).join(', ')}]` : false;
export const startsWith = (attribute: Filterable, value: string): Filter => `${attribute} STARTS WITH ${quote(value)}`;
export const isAbsent = (attribute: Filterable): Filter => `${attribute} NOT EXISTS`;
export const notEmpty = (attribute: Filterable): Filter => `${attribute} IS NOT EMPTY`;

export function and(...filters: readonly Filter[]): Filter {
  const said = new Set(filters.filter((filter) => filter !== true));
  if (said.has(false)) return false;
  return said.size ? join(said, ' AND ') : true;
}

export function or(...filters: readonly Filter[]): Filter {
  const said = new Set(filters.filter((filter) => filter !== false));
  if (said.has(true)) return true;
  return said.size ? join(said, ' OR ') : false;
}

export const not = (filter: Filter): Filter => (typeof filter === 'boolean' ? !filter : `NOT (${filter})`);

const join = (filters: ReadonlySet<Filter>, word: string) => (filters.size === 1 ? [...filters][0]! : `(${[...filters].join(word)})`);
