import { z } from 'zod';
import { type ContactFieldName, contactFieldNames } from './contact-fields.js';
import { request } from './contract.js';
import { byId, empty, id, instant, page, paging, shortText } from './shapes.js';
import { externalSource } from './values.js';

/** The object store bucket for uploaded files, until their import ends. */
export const IMPORT_BUCKET = 'imports';

/** Import fields besides the single-valued fields of a contact. */
const otherFields = [
  'id',
  'name',
  'externalId',
  'email',
  'email2',
  'phone',
  'phone2',
  'phone3',
  'mobile',
  'fax',
  'fax2',
  'line1',
  'line2',
  'city',
  'state',
  'postalCode',
  'country',
  'alias',
  'homeLine1',
  'homeLine2',
  'homeCity',
  'homeState',
  'homePostalCode',
  'homeCountry',
  'type',
  'tags',
  'notes',
  'website',
  'ownerId',
  'exact',
] as const;
export const importFields: readonly (ContactFieldName | (typeof otherFields)[number])[] = [...contactFieldNames(), ...otherFields];
export type ImportField = (typeof importFields)[number] | `customFields.${string}`;
const field = z.union([z.enum(importFields), z.templateLiteral(['customFields.', z.string().min(1).max(64)])]);

export const onKnown = z.enum(['update', 'skip', 'create']);
export const delimiter = z
  .string()
  .regex(/^[^\p{L}\p{N}"\r\n\ud800-\udfff]$/u, 'must be one character other than a letter, digit, quote or line end')
  .describe('the delimiter between cells; detected by default');
export const ImportMapping = z
  .strictObject({
    columns: z.array(z.strictObject({ index: z.int().nonnegative(), field: field.nullable() })).max(512),
    onKnown: onKnown.default('update'),
    source: externalSource.optional().describe('the system that the ids in the column `externalId` belong to; ids are unique per source'),
    dateOrder: z
      .enum(['dmy', 'mdy'])
      .optional()
      .describe(
        'the order of day and month in dates like 03/04/2026; by default as other dates of the file prove, else as usual in the country of the tenant',
      ),
  })
  .meta({ id: 'ImportMapping' });
export type ImportMapping = z.output<typeof ImportMapping>;

export const ImportProgress = z.object({
  rows: z.int(),
  done: z.int(),
  created: z.int(),
  updated: z.int(),
  skipped: z.int(),
  rejected: z.int(),
  warnings: z.int().describe('accepted rows in which something was left out or changed'),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  waitingFor: z.string().optional().describe('what the import is waiting for; it then continues by itself'),
});

export const Import = z
  .object({
    id: z.string(),
    kind: z.literal('contacts'),
    fileName: z.string(),
    format: z
      .object({
        delimiter: z.string(),
        otherDelimiters: z.array(z.string()).describe('other delimiters that would fit; upload the file with `delimiter` to choose one'),
      })
      .optional()
      .describe('how the file was read'),
    state: z.enum(['uploaded', 'queued', 'running', 'finished', 'failed', 'cancelled']),
    columns: z.array(z.object({ index: z.int(), header: z.string(), samples: z.array(z.string()), field: z.string().nullable() })),
    mapping: ImportMapping,
    progress: ImportProgress,
    error: z.string().optional(),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'Import' });
export type Import = z.output<typeof Import>;

/** The gateway has stored the file under `file`. Reads it through and returns its columns and a proposed mapping. */
export const createImport = request(
  'import.create-import',
  z.strictObject({
    file: z.string().min(1).max(128),
    fileName: shortText,
    kind: z.literal('contacts').default('contacts'),
    start: z.boolean().default(false),
    onKnown: onKnown.optional(),
    delimiter: delimiter.optional(),
    source: externalSource.optional(),
  }),
  Import,
  {
    summary: 'Accepts an uploaded file; with start=true the import starts at once with the proposed mapping',
    audience: 'agents',
    timeoutMs: 120_000,
  },
);
export const getImport = request('import.get-import', byId, Import, {
  summary: 'Returns an import with its columns, mapping and progress',
  audience: 'agents',
});
export const listImports = request('import.list-imports', z.strictObject(paging), page(Import), {
  summary: 'Lists imports, newest first',
  audience: 'agents',
});
export const setImportMapping = request('import.set-mapping', z.strictObject({ id, mapping: ImportMapping }), Import, {
  summary: 'Maps columns to fields; columns that are not given stay unchanged',
  audience: 'agents',
});
export const startImport = request('import.start-import', byId, Import, { summary: 'Starts an import', audience: 'agents' });
export const listRejectedRows = request(
  'import.list-rejected-rows',
  z.strictObject({
    id,
    which: z.enum(['rejected', 'warnings']).default('rejected').describe('rejected rows, or accepted rows in which something was left out'),
    after: z.int().nonnegative().default(0),
    limit: z.int().min(1).max(1000).default(1000),
  }),
  z.object({ csv: z.string().describe('lines of the file, with the header on the first page only'), next: z.int().nullable() }),
  { summary: 'Returns the rejected rows as CSV of the same shape with a reason column', audience: 'agents', timeoutMs: 15_000 },
);
export const getImportSample = request('import.get-sample', empty, z.object({ csv: z.string() }), {
  summary: 'Returns a sample file: the headers that are understood and two rows',
  audience: 'agents',
});
