import { type FieldError } from '@kontor/contracts';

type Marked<T> = Omit<T, 'primary'> & { primary: boolean };

/**
 * Marks exactly one value of a list as primary, unless it is empty (docs/rules.md 2.3): the marked one, else the first; a fax only if there is no
 * other number. More than one mark is an error of the second.
 */
export function withPrimary<T extends object>(given: readonly T[], path: string, errors: FieldError[]): Marked<T>[] {
  const list: readonly (T & { primary?: boolean; kind?: string })[] = given;
  const marked = list.flatMap((value, index) => (value.primary ? [index] : []));
  if (marked.length > 1)
    errors.push({
      path: `${path}[${marked[1]}].primary`,
      message: `must not be primary: ${path}[${marked[0]}] already is`,
      code: 'two-primaries',
    });
  const firstChoice = list.findIndex((value) => value.kind !== 'fax');
  const chosen = marked[0] ?? Math.max(firstChoice, 0);
  return list.map((value, index) => ({ ...value, primary: index === chosen }));
}

/** The primary value of a list, undefined when it is empty. */
export const primaryOf = <T extends { primary: boolean }>(list: readonly T[]): T | undefined =>
  list.find((value) => value.primary) ?? list[0];
