import { z } from 'zod';
import { cleanText, isBlank } from './clean.js';

/** PostgreSQL cannot store NUL and unpaired surrogates; both are refused here, so that they never cause a 500. */
export const text = (max: number) =>
  z
    .string()
    .max(max, `is longer than ${max} characters`)
    .refine((value) => !value.includes('\u0000'), 'must not contain a NUL character')
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode, but has an unpaired surrogate');

/** Other texts than notes: 1 KB (docs/rules.md 10). */
export const shortText = text(1024);
/** A name as it was typed; empty if it has no visible character. */
export const nameText = shortText.overwrite((name) => (isBlank(name) ? '' : name.trim()));
/** A normalized text that is compared. */
export const codeText = shortText.overwrite(cleanText);
export const notes = text(32 * 1024);
export const id = z
  .uuid('must be a UUID')
  .transform((value) => value.toLowerCase())
  .meta({ format: 'uuid' });
export const version = z.int().positive();
/** A UTC timestamp as ISO 8601. */
export const instant = z.string().meta({ format: 'date-time' });
export const date = z.iso.date('must be a date like 2026-01-31');
export const tag = text(100).overwrite(cleanText).min(1, 'is empty');
export const tags = z.array(tag).max(200, 'has more than 200 tags');
/** A filter by tags, limited to keep look-ups cheap; duplicates are ignored. */
export const tagFilter = z
  .union([codeText.transform((one) => [one]), z.array(codeText).max(20, 'must not have more than 20 tags')])
  .transform((named) => [...new Set(named)])
  .describe('may be repeated up to 20 times; all must match');
/** BCP 47, checked by the runtime's own parser; kept in its canonical form. */
export const language = z
  .string()
  .max(35)
  .refine((value) => value === '' || canonicalLanguage(value) !== undefined, 'must be a language tag like en, de or zh-Hant')
  .overwrite((value) => canonicalLanguage(value) ?? value);
function canonicalLanguage(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}
export const country = z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166 country code of two capital letters like DE');

/** The schema of a page of a list. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable(), total: z.int().optional() });

/** The paging parameters of every list. A cursor is opaque and valid only for the sort that it was created with. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(25),
  cursor: z.string().max(1024).optional(),
};
export const listSort = z.enum(['name', '-name', 'createdAt', '-createdAt', 'updatedAt', '-updatedAt']);

/** A boolean, also as the text of a query parameter. */
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((value) => value === 'true')]);

/** The result of one item of a bulk call: its index in the call, its own HTTP status, and the error. */
export const bulkItem = z.object({
  index: z.int(),
  status: z.int(),
  id: z.string().optional(),
  version: z.int().optional(),
  problem: z.looseObject({ code: z.string(), detail: z.string() }).optional(),
});
export type BulkItem = z.output<typeof bulkItem>;
export const bulkResult = z.object({ items: z.array(bulkItem) });
export const empty = z.object({});
export const byId = z.strictObject({ id });
