import { invalid } from '@kontor/bus';
import type { FieldError, LeftBehind } from '@kontor/contracts';
import type { Noun } from '../sql/rows.js';
import { type Fields, fieldsOf, isEmpty, keyIn, lostKeyIn, type MergeRow, rulesOf, same } from './fields.js';

/** The id of the entry whose value is taken, by field. */
export type Choice = Readonly<Record<string, string>>;

const MAX_LENGTHS: Record<string, number> = { tags: 200, notes: 32 * 1024 };
const MAX_VALUES = 50;
const CUSTOM = 'customFields.';

/**
 * Merges several contacts or customers into the first, according to `rulesOf` and the chosen values. Reports which values of which entry were left
 * behind. Throws `invalid` for impossible choices, and if a field would exceed its limit.
 */
export function mergeRows<R extends MergeRow>(
  noun: Noun,
  rows: readonly [R, ...R[]],
  choice: Choice,
): { row: R; leftBehind: LeftBehind[] } {
  refuseBadChoice(noun, rows, choice);
  const [into] = rows;
  const merged: Fields = { ...fieldsOf(into) };
  for (const [field, rule] of Object.entries(rulesOf[noun])) {
    const chosen = rows.find(({ id }) => id === choice[field]);
    const values = rows.map((row) => fieldsOf(row)[field]);
    if (chosen) merged[field] = fieldsOf(chosen)[field];
    else if (rule === 'fill') merged[field] = values.find((value) => !isEmpty(value)) ?? null;
    else if (rule === 'union') merged[field] = union(field, values as object[][]);
    else if (rule === 'join') merged[field] = joinTexts(values as (string | null)[]);
    else if (rule === 'byKey') merged[field] = Object.assign({}, values[0], ...[...(values as object[])].reverse());
  }
  for (const [field, id] of Object.entries(choice))
    if (field.startsWith(CUSTOM)) chooseCustomField(merged, field.slice(CUSTOM.length), rows, id);
  refuseTooMuch(noun, merged);
  return { row: merged as unknown as R, leftBehind: rows.flatMap((row) => missing(noun, row, merged)) };
}

function refuseBadChoice(noun: Noun, rows: readonly MergeRow[], choice: Choice): void {
  const custom = new Set(rows.flatMap((row) => Object.keys(row.customFields)));
  const errors = Object.entries(choice).flatMap(([field, id]): FieldError[] => {
    const known = field in rulesOf[noun] || (field.startsWith(CUSTOM) && custom.has(field.slice(CUSTOM.length)));
    if (!known) return [{ path: `fields.${field}`, message: `must be a field that one of these ${noun}s has`, code: 'unknown-field' }];
    if (rows.some((row) => row.id === id)) return [];
    return [{ path: `fields.${field}`, message: `must be one of the ${noun}s in into and from`, code: 'unknown' }];
  });
  if (errors.length > 0) throw invalid(errors);
}

/** The values of the first entry, followed by the new ones of the others. The first primary value stays primary. */
function union(field: string, lists: readonly (readonly unknown[])[]): unknown[] {
  const all: unknown[] = [...(lists[0] ?? [])];
  const places = new Map(all.map((value, i) => [keyIn(field, value), i]));
  for (const list of lists.slice(1)) {
    const hasPrimary = all.some(isPrimary);
    for (const value of list) {
      const place = places.get(keyIn(field, value));
      if (place === undefined) {
        places.set(keyIn(field, value), all.length);
        all.push(hasPrimary && isPrimary(value) ? { ...(value as object), primary: false } : value);
      } else if (!hasPrimary && isPrimary(value)) all[place] = { ...(all[place] as object), primary: true };
    }
  }
  return all;
}

export const isPrimary = (value: unknown): boolean => Boolean((value as { primary?: boolean }).primary);

/** Concatenates the texts, without duplicates. */
function joinTexts(texts: readonly (string | null)[]): string | null {
  const all: string[] = [];
  for (const text of texts) if (text && !all.some((one) => one.includes(text))) all.push(text);
  return all.length > 0 ? all.join('\n\n') : null;
}

function chooseCustomField(merged: Fields, key: string, rows: readonly MergeRow[], id: string): void {
  const { [key]: _, ...others } = merged.customFields as Fields;
  const value = rows.find((row) => row.id === id)?.customFields[key];
  merged.customFields = value === undefined ? others : { ...others, [key]: value };
}

function refuseTooMuch(noun: Noun, merged: Fields): void {
  const errors = Object.entries(rulesOf[noun]).flatMap(([field, rule]): FieldError[] => {
    if (rule !== 'union' && rule !== 'join') return [];
    const most = MAX_LENGTHS[field] ?? MAX_VALUES;
    const much = (merged[field] as string | unknown[] | null)?.length ?? 0;
    const what = rule === 'join' ? 'characters' : 'values';
    const message = `would have ${much} ${what} of all together, and may have ${most}; choose whose are taken with fields.${field}, or remove some first`;
    return much > most ? [{ path: `fields.${field}`, message, code: 'too-many' }] : [];
  });
  if (errors.length > 0) throw invalid(errors);
}

/** Fields of which the merged entry lacks a value that this one has. */
function missing(noun: Noun, row: MergeRow, merged: Fields): LeftBehind[] {
  const fields = Object.entries(rulesOf[noun]).flatMap(([field, rule]): string[] => {
    const rowValue = fieldsOf(row)[field];
    const all = merged[field];
    if (isEmpty(rowValue) || same(rowValue, all)) return [];
    if (rule === 'union') {
      const there = new Set((all as unknown[]).map((value) => lostKeyIn(field, value)));
      return (rowValue as unknown[]).every((value) => there.has(lostKeyIn(field, value))) ? [] : [field];
    }
    if (rule === 'join') return (all as string | null)?.includes(rowValue as string) ? [] : [field];
    if (rule === 'byKey')
      return Object.keys(rowValue as object).flatMap((key) => (same((rowValue as Fields)[key], (all as Fields)[key]) ? [] : CUSTOM + key));
    return [field];
  });
  return fields.map((field) => ({ id: row.id, field }));
}
