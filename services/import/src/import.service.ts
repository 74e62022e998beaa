import { AppError, Bus, currentAgent, currentContext, grantees } from '@kontor/bus';
import {
  type createImport,
  id as entryId,
  getEntries,
  type Import,
  type ImportField,
  type ImportMapping,
  type InputOf,
  importFields,
  type listImports,
  type listRejectedRows,
  truncate,
} from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { FileStore } from './files/file-store.js';
import { csvLine, rejectedHeader, rejectedLine } from './files/rejected-csv.js';
import { lacksColumns } from './header/propose-mapping.js';
import { dateOrderOf, ImportEntity, sourceOf } from './import.entity.js';
import { orNull, readConventions } from './map/conventions.js';
import { type FileSurvey, type SurveyedColumn, surveyFile } from './map/survey-file.js';
import { UnreadableFile } from './read/unreadable-file.js';
import { ImportRunner } from './run/import-runner.js';
import { type Counts, countsOf, progressOf } from './run/progress.js';
import { sampleRows } from './sample-file.js';

/** A page of rejected rows stays well below what a reply may have. */
const PAGE_BYTES = 2 * 1024 * 1024;

@Injectable()
export class ImportService {
  constructor(
    private readonly db: Database,
    private readonly files: FileStore,
    private readonly runner: ImportRunner,
    private readonly bus: Bus,
  ) {}

  /** Reads the file through before anything is kept, so that one that cannot be read to its end leaves nothing behind. */
  async create(input: InputOf<typeof createImport>): Promise<Import> {
    const { file, start, ...asked } = input;
    const { ids, ...survey } = await this.survey(file, start, asked);
    await this.settleIds(survey.columns, ids);
    const conventions = await orNull(readConventions(this.bus));
    // The same upload again is under another name in the store; what the file has in it is what counts.
    const body = { ...asked, start, columns: survey.columns, rows: survey.rows };
    let isNew = false;
    const made = await this.db.transaction(async (tx) => {
      const id = await idempotent(tx, body, async () => {
        const { kind, fileName, onKnown = 'update', source = null } = input;
        const entity = tx.create(ImportEntity, {
          ...{ kind, file, fileName, ...survey, onKnown, source, conventions, state: 'uploaded' },
          uploadedBy: currentContext().agent?.id ?? null,
        });
        await tx.insert(ImportEntity, entity);
        if (start) await queue(tx, entity);
        isNew = true;
        return entity.id;
      });
      return this.shown(tx, await find(tx, id));
    });
    if (!isNew) await this.files.delete(file);
    if (start) this.runner.wake();
    return made;
  }

  /** A column of ids that are no contacts here has those of another system. */
  private async settleIds(columns: SurveyedColumn[], ids: readonly string[]): Promise<void> {
    const column = columns.find(({ field }) => field === 'id');
    // What Kontor has exported says everything of a contact, also which one it was where it came from.
    if (!column || columns.some(({ field }) => field === 'exact')) return;
    const uuids = ids.filter((one) => entryId.safeParse(one).success);
    const known = uuids.length > 0 ? await orNull(this.bus.request(getEntries, { ids: uuids, records: false })) : { contacts: [] };
    if (!known || known.contacts.length > 0) return;
    column.field = columns.some(({ field }) => field === 'externalId') ? null : 'externalId';
  }

  private async survey(file: string, start: boolean, said: { delimiter?: string | undefined }): Promise<FileSurvey> {
    try {
      const survey = await surveyFile(this.files.read(file), said);
      if (start) requireColumns(survey.columns, 'unreadable-file');
      return survey;
    } catch (error) {
      const refusal = error instanceof UnreadableFile ? unreadable(error) : error;
      if (refusal instanceof AppError && refusal.code === 'unreadable-file') await this.files.delete(file);
      throw refusal;
    }
  }

  get(id: string): Promise<Import> {
    return this.db.transaction(async (tx) => this.shown(tx, await find(tx, id)));
  }

  list({ limit, cursor }: InputOf<typeof listImports>) {
    return this.db.transaction(async (tx) => {
      const query = tx
        .createQueryBuilder(ImportEntity, 'import')
        .orderBy('import.id', 'DESC')
        .take(limit + 1)
        .where(visible());
      if (cursor) query.andWhere('import.id < :before', { before: idOf(cursor) });
      const found = await query.getMany();
      const items = found.slice(0, limit);
      const counts = await countsOf(
        tx,
        items.map((item) => item.id),
      );
      return {
        items: items.map((item) => toImport(item, counts.get(item.id))),
        nextCursor: found.length > limit ? Buffer.from(items.at(-1)!.id).toString('base64url') : null,
      };
    });
  }

  async setMapping(id: string, { columns, onKnown, dateOrder, source }: ImportMapping): Promise<Import> {
    const conventions = await orNull(readConventions(this.bus));
    return this.db.transaction(async (tx) => {
      const entity = await find(tx, id, 'lock');
      requireUploaded(entity, 'Its mapping can be changed until it is started');
      const wrong = columns.findIndex(({ index }) => index >= entity.columns.length);
      if (wrong !== -1) {
        const message = `There is no column ${columns[wrong]!.index}; the file has ${entity.columns.length}, counted from 0`;
        throw new AppError('invalid', message, { errors: [{ path: `columns[${wrong}].index`, message, code: 'unknown-column' }] });
      }
      const said = new Map(columns.map((column) => [column.index, column.field as ImportField | null]));
      entity.columns = entity.columns.map((column) => ({
        ...column,
        field: said.has(column.index) ? said.get(column.index)! : column.field,
      }));
      requireColumns(entity.columns, 'invalid');
      await tx.update(
        ImportEntity,
        { id },
        {
          ...{ columns: entity.columns, onKnown, dateOrder: dateOrder ?? null, source: source ?? null },
          ...(conventions && { conventions }),
        },
      );
      return this.shown(tx, await find(tx, id));
    });
  }

  /** Starting twice is the same as once. */
  async start(id: string): Promise<Import> {
    const started = await this.db.transaction(async (tx) => {
      const entity = await find(tx, id, 'lock');
      if (entity.state !== 'queued' && entity.state !== 'running') {
        requireUploaded(entity, 'Upload the file again to import it once more');
        requireColumns(entity.columns, 'invalid');
        await queue(tx, entity);
      }
      return this.shown(tx, await find(tx, id));
    });
    this.runner.wake();
    return started;
  }

  rejectedRows({ id, which, after, limit }: InputOf<typeof listRejectedRows>) {
    return this.db.transaction(async (tx) => {
      const { columns, delimiter } = await find(tx, id);
      const header = columns.map((column) => column.header);
      const rows: { number: number; cells: string[]; reasons: string[] }[] = await tx.query(
        `select number, cells, reasons from (
           select number, cells, reasons, sum(octet_length(cells::text)) over (order by number) as bytes, row_number() over (order by number) as place
             from (select * from import_row where import_id = $1 and rejected = $2 and number > $3 order by number limit $4) as asked
         ) as page where bytes < ${PAGE_BYTES} or place = 1 order by number`,
        [id, which === 'rejected', after, limit],
      );
      const lines = rows.map((row) => rejectedLine(header, row.cells, row.reasons, delimiter));
      const last = rows.at(-1)?.number ?? null;
      return { csv: (after === 0 ? rejectedHeader(header, delimiter) : '') + lines.join(''), next: last };
    });
  }

  sample() {
    return { csv: sampleRows.map((row) => csvLine(row, ',')).join('') };
  }

  private async shown(tx: EntityManager, entity: ImportEntity): Promise<Import> {
    return toImport(entity, (await countsOf(tx, [entity.id])).get(entity.id));
  }
}

/** A file has people in it whom other agents may not see, so only who uploaded it and admins know of an import. */
const visible = (): { uploadedBy?: string } => (grantees() ? { uploadedBy: currentAgent().id } : {});

async function find(tx: EntityManager, id: string, lock?: 'lock'): Promise<ImportEntity> {
  const entity = await tx.findOne(ImportEntity, { where: { id, ...visible() }, ...(lock && { lock: { mode: 'pessimistic_write' } }) });
  if (!entity) throw new AppError('not-found', 'There is no such import');
  return entity;
}

/** From here on a runner takes it up, whatever happens to this process. */
async function queue(tx: EntityManager, { id }: ImportEntity): Promise<void> {
  const { tenant, agent, roles, teams, signed } = currentContext();
  await tx.update(ImportEntity, { id }, { state: 'queued', startedBy: { agent, roles, teams, signed } });
  await tx.query('insert into import_queue (import_id, tenant_id) values ($1, $2)', [id, tenant]);
}

function requireUploaded({ state }: ImportEntity, hint: string): void {
  if (state !== 'uploaded') throw new AppError('conflict', `This import is ${state}. ${hint}`);
}

const unreadable = ({ message, reason, line, column, hint }: UnreadableFile) =>
  new AppError('unreadable-file', message, { reason, line, column, hint });

function requireColumns(columns: FileSurvey['columns'], code: 'unreadable-file' | 'invalid'): void {
  const lacks = lacksColumns(columns.map((column) => column.field));
  if (!lacks) return;
  const headers = columns.map((column) => `"${column.header}"`).join(', ');
  throw new AppError(code, `Line 1: ${lacks} The headers are ${headers.length > 500 ? `${truncate(headers, 500)}…` : headers}.`, {
    reason: 'missing-columns',
    line: 1,
    hint: `Rename a header, or map a column to one of: ${importFields.join(', ')}.`,
  });
}

function idOf(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new AppError('invalid', 'cursor: is not a cursor that a list of imports has given');
  return id;
}

function toImport(entity: ImportEntity, counts?: Counts): Import {
  const { columns, onKnown } = entity;
  const [dateOrder, source] = [dateOrderOf(entity), sourceOf(entity)];
  return {
    id: entity.id,
    kind: entity.kind,
    fileName: entity.fileName,
    format: { delimiter: entity.delimiter, otherDelimiters: entity.otherDelimiters },
    state: entity.state,
    columns,
    mapping: {
      columns: columns.map(({ index, field }) => ({ index, field: field as ImportField | null })),
      onKnown,
      ...(source && { source }),
      ...(dateOrder && { dateOrder }),
    },
    progress: progressOf(entity, counts),
    ...(entity.error !== null && { error: entity.error }),
    createdAt: entity.createdAt.toISOString(),
    startedAt: entity.startedAt?.toISOString() ?? null,
    finishedAt: entity.finishedAt?.toISOString() ?? null,
  };
}
