import type { ImportField } from '@kontor/contracts';

type Known = { field: ImportField; rank: number };

const parts = ['line1', 'line2', 'city', 'state', 'postalCode', 'country'] as const;
type Part = (typeof parts)[number];
export const homeField = (part: Part): ImportField => `home${part.charAt(0).toUpperCase()}${part.slice(1)}` as ImportField;
export const homeParts = new Map(parts.map((part) => [homeField(part), part]));

// How columns of one address are called, in front of its parts and behind them. The first address that a file has is the one taken first.
const groups: [group: string, before: string[], behind: string[]][] = [
  ['work', ['business', 'work', 'office', 'company', 'dienst', 'firmen'], ['business', 'work', 'geschaeftlich', 'dienstlich', 'arbeit']],
  ['mailing', ['mailing', 'primary'], []],
  ['', [], []],
  ['first', ['address1'], []],
  ['billing', ['billing', 'rechnungs'], []],
  ['home', ['home', 'private', 'personal', 'privat'], ['home', 'privat']],
  ['second', ['address2'], []],
  ['shipping', ['shipping', 'liefer'], []],
  ['other', ['other', 'weitere', 'weiterer', 'weiteres'], ['other', 'weitere']],
];

/**
 * Which part of which address each column is: the parts of one address belong together. The fields of the first one, and the home fields for the
 * second; undefined for the columns of others. Parts without a group belong to the first address where that lacks all of them.
 */
export function addressColumns(keys: readonly string[], lookUp: (key: string) => Known | undefined): Map<number, Known | undefined> {
  const found = keys.flatMap((key, i) => {
    const one = partOf(key, lookUp);
    return one ? [{ i, ...one }] : [];
  });
  const partsIn = (group: string) => new Set(found.flatMap((one) => (one.group === group ? [one.part] : [])));
  const present = groups.map(([group]) => group).filter((group) => partsIn(group).size > 0);
  const first = present.find((group) => group !== '') ?? '';
  const loose = partsIn('');
  const joins = first !== '' && [...partsIn(first)].every((part) => !loose.has(part));
  const [one, two] = joins ? present.filter((group) => group !== '') : present;
  return new Map(
    found.map(({ i, group, part, rank }): [number, Known | undefined] => {
      if (group === one || (joins && group === '')) return [i, { field: part, rank }];
      return [i, group === two ? { field: homeField(part), rank } : undefined];
    }),
  );
}

function partOf(key: string, lookUp: (key: string) => Known | undefined): { group: string; part: Part; rank: number } | undefined {
  const named = (group: string, rest: string) => {
    const known = rest === '' ? undefined : lookUp(rest);
    const part = parts.find((one) => one === known?.field);
    return part && known ? { group, part, rank: known.rank } : undefined;
  };
  // "Home City" is the name of a field, too; which address it is of depends on the others that the file has.
  const direct = lookUp(key);
  if (direct && !homeParts.has(direct.field)) return named('', key);
  for (const [group, before, behind] of groups) {
    for (const word of before)
      if (key.startsWith(word)) {
        const one = named(group, key.slice(word.length));
        if (one) return one;
      }
    for (const word of behind)
      if (key.endsWith(word)) {
        const one = named(group, key.slice(0, -word.length));
        if (one) return one;
      }
  }
  return undefined;
}
