import { describe, expect, it } from '@jest/globals';
import type { RequestContract } from '@kontor/contracts';
import * as contracts from '@kontor/contracts';
import { z } from 'zod';
import { AppError, type ErrorDetails } from './app-error.js';
import { parseInput } from './parse-input.js';

const errorsOf = (schema: z.ZodType, value: unknown): (ErrorDetails & { message: string }) | undefined => {
  try {
    parseInput(schema, value);
  } catch (error) {
    if (error instanceof AppError) return { ...error.details, message: error.message };
    throw error;
  }
  return undefined;
};

/** Says so when it is looked at: nothing in a list that is too long is. */
const untouched = z.unknown().transform(() => {
  throw new Error('was looked at');
});

describe('a list that is too long', () => {
  it.each<[string, z.ZodType, unknown, string]>([
    ['of its own', z.array(untouched).max(3, 'has more than 3'), [1, 2, 3, 4], ''],
    ['in an object', z.strictObject({ a: z.array(untouched).max(3, 'has more than 3').optional() }), { a: [1, 2, 3, 4] }, 'a'],
    ['in a list', z.array(z.object({ a: z.array(untouched).max(3, 'has more than 3') })).max(9), [{ a: [] }, { a: [1, 2, 3, 4] }], '[1].a'],
    [
      'where null is taken',
      z.object({ a: z.array(untouched).max(3, 'has more than 3').nullable().default(null) }),
      { a: [1, 2, 3, 4] },
      'a',
    ],
    [
      'where one may stand alone',
      z.object({ a: z.union([z.string(), z.array(untouched).max(3, 'has more than 3')]) }),
      { a: [1, 2, 3, 4] },
      'a',
    ],
    [
      'before it is changed',
      z.object({
        a: z
          .array(untouched)
          .max(3, 'has more than 3')
          .transform((x) => x),
      }),
      { a: [1, 2, 3, 4] },
      'a',
    ],
  ])('%s is refused by its length, before what is in it', (_, schema, value, path) => {
    expect(errorsOf(schema, value)?.errors).toEqual([{ path, message: 'has more than 3', code: 'too_big' }]);
  });

  it('is none where anything goes, or another kind of value fits', () => {
    const either = z.union([z.array(z.number()).max(2), z.object({ a: z.string() }), z.unknown()]);
    expect(parseInput(either, [1, 2, 3])).toEqual([1, 2, 3]);
    expect(parseInput(z.union([z.array(z.number()).max(2), z.array(z.string()).max(4)]), ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
  });

  it('may be a record, too', () => {
    const names = Object.fromEntries(Array.from({ length: 4_001 }, (_, i) => [`n${i}`, i]));
    expect(errorsOf(z.object({ a: z.record(z.string(), untouched) }), { a: names })?.errors).toMatchObject([
      { path: 'a', message: expect.stringContaining('4001 names') },
    ]);
  });
});

describe('errors', () => {
  it('are the first 20, and how many more; a long name is shortened', () => {
    const said = errorsOf(z.strictObject({}), Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`${i}${'x'.repeat(500)}`, 1])));
    expect(said?.errors).toHaveLength(20);
    expect(said?.moreErrors).toBe(4_980);
    expect(said?.message).toContain('(and 4999 more)');
    expect(JSON.stringify(said).length).toBeLessThan(10_000);
  });
});

describe('every list that a caller may send', () => {
  // Rows of a file come from the import service, which has read them out of one line each.
  const requests = (Object.values(contracts) as unknown[]).filter(
    (one): one is RequestContract =>
      (one as RequestContract | undefined)?.kind === 'request' &&
      (one as RequestContract).audience !== 'services' &&
      one !== contracts.importContacts,
  );
  interface JsonSchema {
    type?: string;
    maxItems?: number;
    [key: string]: unknown;
  }
  const unlimited = (schema: unknown, path: string): string[] => {
    if (typeof schema !== 'object' || schema === null) return [];
    const { type, maxItems } = schema as JsonSchema;
    const here = type === 'array' && maxItems === undefined ? [path] : [];
    return [...here, ...Object.entries(schema).flatMap(([name, inner]) => unlimited(inner, `${path}/${name}`))];
  };
  it.each(requests.map((one) => [one.subject, one] as const))('has a limit: %s', (_, { input }) => {
    expect(unlimited(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }), '')).toEqual([]);
  });
});
