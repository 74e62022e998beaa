import { z } from 'zod';
import { type ContactFieldName, contactFieldNames } from './contact-fields.js';
import { request } from './contract.js';
import { byId, empty, id, instant, page, paging, shortText } from './shapes.js';
import { externalSource } from './values.js';

/** The object store bucket that uploaded files wait in until their import ends. */
export const IMPORT_BUCKET = 'imports';

/** Fields that a column of a file may be, besides those that say one thing of a contact. */
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
  .regex(/^[^\p{L}\p{N}"\r\n\ud800-\udfff]$/u, 'must be one character, and no letter, digit, quote or line end')
  .describe('what stands between the cells; found out where it is not said');
export const ImportMapping = z
  .strictObject({
    columns: z.array(z.strictObject({ index: z.int().nonnegative(), field: field.nullable() })).max(512),
    onKnown: onKnown.default('update'),
    source: externalSource
      .optional()
      .describe('which system the ids in the column `externalId` are of; the same id of two sources is two ids'),
    dateOrder: z
      .enum(['dmy', 'mdy'])
      .optional()
      .describe(
        'what comes first in dates like 03/04/2026; where it is not said, as the file proves, else as is usual in the country of the tenant',
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
  warnings: z.int().describe('rows that stayed, but with something left out or changed'),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  waitingFor: z.string().optional().describe('what the import waits for to go on by itself'),
});

export const Import = z
  .object({
    id: z.string(),
    kind: z.literal('contacts'),
    fileName: z.string(),
    format: z
      .object({
        delimiter: z.string(),
        otherDelimiters: z.array(z.string()).describe('with these, the file makes sense as well; upload it with `delimiter` to say which'),
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

/** The gateway has put the file into the object store under `file`; read it through, and give its columns and a proposed mapping. */
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
  { summary: 'Takes in an uploaded file; with start=true the proposed mapping is used at once', audience: 'agents', timeoutMs: 120_000 },
);
export const getImport = request('import.get-import', byId, Import, {
  summary: 'Gives an import with its columns, mapping and progress',
  audience: 'agents',
});
export const listImports = request('import.list-imports', z.strictObject(paging), page(Import), {
  summary: 'Lists imports, newest first',
  audience: 'agents',
});
export const setImportMapping = request('import.set-mapping', z.strictObject({ id, mapping: ImportMapping }), Import, {
  summary: 'Says which column is which field; columns that are not named stay as they are',
  audience: 'agents',
});
export const startImport = request('import.start-import', byId, Import, { summary: 'Starts an import', audience: 'agents' });
export const listRejectedRows = request(
  'import.list-rejected-rows',
  z.strictObject({
    id,
    which: z
      .enum(['rejected', 'warnings'])
      .default('rejected')
      .describe('rows that were refused, or rows that stayed with something left out'),
    after: z.int().nonnegative().default(0),
    limit: z.int().min(1).max(1000).default(1000),
  }),
  z.object({ csv: z.string().describe('lines of the answer, the header only on the first page'), next: z.int().nullable() }),
  { summary: 'Gives the rejected rows as CSV of the same shape with a reason column', audience: 'agents', timeoutMs: 15_000 },
);
export const getImportSample = request('import.get-sample', empty, z.object({ csv: z.string() }), {
  summary: 'Gives a small file to begin with: the headers that are understood and two rows',
  audience: 'agents',
});
