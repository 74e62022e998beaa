import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ImportRow, NewContact } from '@kontor/contracts';

// The data stays outside of the repository.
const path = (file: string) => fileURLToPath(new URL(`../../../../shared/data/${file}`, import.meta.url));

export const hasFebrl = (file: string): boolean => existsSync(path(file));

/** The records of a Febrl file, each with the person it belongs to, as its ids say. */
function records(file: string) {
  const [header = [], ...lines] = readFileSync(path(file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()));
  return lines.map((cells) => {
    const cell = (name: string) => cells[header.indexOf(name)] || undefined;
    const line1 = [cell('street_number'), cell('address_1')].filter(Boolean).join(' ') || undefined;
    const address = { line1, line2: cell('address_2'), city: cell('suburb'), postalCode: cell('postcode'), state: cell('state') };
    const names = { firstName: cell('given_name'), lastName: cell('surname'), birthday: dateOf(cell('date_of_birth')) };
    return { names, address, person: cell('rec_id')?.split('-')[1] ?? '' };
  });
}

/** As rows of an import. */
export const febrlRows = (file: string): { row: ImportRow; person: string }[] =>
  records(file).map(({ names, address, person }) => ({ row: said({ ...names, address: said(address) }), person }));

/** As contacts of the API. */
export const febrlContacts = (file: string): { contact: NewContact; person: string }[] =>
  records(file).map(({ names, address, person }) => ({ contact: said({ ...names, addresses: [said(address)] }), person }));

/** Without the members that are undefined. */
const said = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Dates that do not exist are left empty, as an import does it. */
function dateOf(compact = ''): string | undefined {
  const date = compact.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');
  const time = new Date(`${date}T00:00:00Z`).getTime();
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date) ? date : undefined;
}

/** Of the pairs given, how many are one person; and of all pairs that are one person (every two of up to six records), how many are given. */
export function precisionAndRecall(pairs: readonly string[][], people: ReadonlyMap<string, string>): { precision: number; recall: number } {
  const records = new Map<string, number>();
  for (const person of people.values()) records.set(person, (records.get(person) ?? 0) + 1);
  const all = [...records.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
  const right = pairs.filter(([a = '', b = '']) => people.get(a) === people.get(b)).length;
  return { precision: right / pairs.length, recall: right / all };
}
