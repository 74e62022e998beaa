import type { Document } from './document.js';

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
  | 'projectIds'
  | 'hasOpportunities'
  | 'readers'
  | 'customerReaders'
  | 'words';
/** Moments, in milliseconds since 1970. */
export type Moment = 'createdAt' | 'updatedAt';

type Test =
  | { attribute: Filterable; among: readonly string[] }
  | { attribute: Filterable; absent: true }
  | { attribute: Moment; from: number | undefined; before: number | undefined };

/**
 * A condition on a document; `true` and `false` are everything and nothing. A tree, because it is read twice: by Meilisearch, as text, for what is
 * settled, and by this process for recent changes.
 */
export type Filter = boolean | Test | { all: readonly Filter[] } | { any: readonly Filter[] } | { not: Filter };

export const is = (attribute: Filterable, value: string): Filter => isIn(attribute, [value]);
export const isIn = (attribute: Filterable, among: readonly string[]): Filter => (among.length ? { attribute, among } : false);
export const isAbsent = (attribute: Filterable): Filter => ({ attribute, absent: true });
/** From the first moment on and before the second. */
export const isWithin = (attribute: Moment, from: number | undefined, before: number | undefined): Filter =>
  from === undefined && before === undefined ? true : { attribute, from, before };

export function and(...filters: readonly Filter[]): Filter {
  if (filters.includes(false)) return false;
  const said = [...new Set(filters.filter((filter) => filter !== true))];
  return said.length > 1 ? { all: said } : (said[0] ?? true);
}

export function or(...filters: readonly Filter[]): Filter {
  if (filters.includes(true)) return true;
  const said = [...new Set(filters.filter((filter) => filter !== false))];
  return said.length > 1 ? { any: said } : (said[0] ?? false);
}

export const not = (filter: Filter): Filter => (typeof filter === 'boolean' ? !filter : { not: filter });

/** The one place where a value becomes part of a text for Meilisearch. */
const quote = (value: string) => `"${value.replace(/[\\"]/g, '\\$&')}"`;

/** The filter as Meilisearch reads it. */
export function filterText(filter: Exclude<Filter, boolean>): string {
  if ('all' in filter) return `(${filter.all.map(textOf).join(' AND ')})`;
  if ('any' in filter) return `(${filter.any.map(textOf).join(' OR ')})`;
  if ('not' in filter) return `NOT (${textOf(filter.not)})`;
  const { attribute } = filter;
  if ('among' in filter) {
    const [first = '', ...others] = filter.among;
    return others.length ? `${attribute} IN [${filter.among.map(quote).join(', ')}]` : `${attribute} = ${quote(first)}`;
  }
  if ('absent' in filter) return `${attribute} NOT EXISTS`;
  const { from, before } = filter;
  const bounds = [
    ...(from === undefined ? [] : [`${attribute} >= ${from}`]),
    ...(before === undefined ? [] : [`${attribute} < ${before}`]),
  ];
  return bounds.length > 1 ? `(${bounds.join(' AND ')})` : (bounds[0] ?? '');
}

// `and`, `or` and `not` leave no truth value inside a tree.
const textOf = (filter: Filter): string => {
  if (typeof filter === 'boolean') throw new Error('A part of a filter is always true or always false');
  return filterText(filter);
};

/** So many documents can fit at most, as far as the filter itself says it. */
export function mostFitting(filter: Filter): number {
  if (filter === false) return 0;
  if (filter === true) return Number.POSITIVE_INFINITY;
  if ('all' in filter) return Math.min(...filter.all.map(mostFitting));
  if ('any' in filter) return filter.any.reduce((sum, one) => sum + mostFitting(one), 0);
  return 'among' in filter && filter.attribute === 'id' ? filter.among.length : Number.POSITIVE_INFINITY;
}

export type Fits = (document: Document) => boolean;

/** The filter as this process reads it: the same documents fit that Meilisearch would find. */
export function filterTest(filter: Filter): Fits {
  if (typeof filter === 'boolean') return () => filter;
  if ('all' in filter) {
    const tests = filter.all.map(filterTest);
    return (document) => tests.every((test) => test(document));
  }
  if ('any' in filter) {
    const tests = filter.any.map(filterTest);
    return (document) => tests.some((test) => test(document));
  }
  if ('not' in filter) {
    const test = filterTest(filter.not);
    return (document) => !test(document);
  }
  if ('among' in filter) {
    const { attribute } = filter;
    const among = new Set(attribute === 'words' ? filter.among : filter.among.map(folded));
    return (document) => valuesOf(document, attribute).some((value) => among.has(attribute === 'words' ? value : folded(value)));
  }
  if ('absent' in filter) return (document) => document[filter.attribute] === undefined;
  const { attribute, from = Number.NEGATIVE_INFINITY, before = Number.POSITIVE_INFINITY } = filter;
  return (document) => document[attribute] >= from && document[attribute] < before;
}

/** How Meilisearch compares values of filters; words are folded already. */
export const folded = (value: string) => value.trim().normalize('NFKD').toLowerCase();

export function valuesOf(document: Document, attribute: Filterable): readonly string[] {
  const value = document[attribute];
  if (value === undefined || value === null) return [];
  return typeof value === 'object' ? value : [String(value)];
}
