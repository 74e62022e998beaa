import type { Context } from '@kontor/bus';
import { IMPORT_SOURCE, type Import, type ImportMapping } from '@kontor/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { systemOf } from './header/propose-mapping.js';
import { type Conventions, dateOrderIn } from './map/conventions.js';
import type { DateOrder } from './map/read-date.js';
import type { SurveyedColumn } from './map/survey-file.js';

/** Whose import it is: its batches are sent with these rights. */
export type StartedBy = Pick<Context, 'agent' | 'roles' | 'teams' | 'signed'>;

/** An uploaded file and what becomes of it. The database adds the tenant. */
@Entity('import')
export class ImportEntity {
  /** A UUIDv7, so that newer imports have greater ids. */
  @PrimaryColumn('uuid', { default: () => 'uuidv7()' })
  id: string;

  @Column('text')
  kind: Import['kind'];

  /** Its name in the object store. */
  @Column('text')
  file: string;

  @Column('text', { name: 'file_name' })
  fileName: string;

  @Column('text')
  delimiter: string;

  /** Other delimiters that the file makes sense with. */
  @Column('jsonb', { name: 'other_delimiters' })
  otherDelimiters: string[];

  @Column('text')
  state: Import['state'];

  /** With the field that each is mapped to at present. */
  @Column('jsonb')
  columns: SurveyedColumn[];

  @Column('text', { name: 'on_known' })
  onKnown: ImportMapping['onKnown'];

  /** Only where the agent has said it; else it follows from the columns. */
  @Column('text', { name: 'date_order', nullable: true })
  dateOrder: NonNullable<ImportMapping['dateOrder']> | null;

  /** The system that its external ids are of. Only where the agent has said it; else it follows from the headers. */
  @Column('text', { nullable: true })
  source: string | null;

  /** What was usual in the tenant when the mapping was last touched; null when nobody could be asked. */
  @Column('jsonb', { nullable: true })
  conventions: Conventions | null;

  /** Rows of the file, without header and blank lines. */
  @Column('integer')
  rows: number;

  /** The agent that has uploaded the file. */
  @Column('uuid', { name: 'uploaded_by', nullable: true })
  uploadedBy: string | null;

  @Column('jsonb', { name: 'started_by', nullable: true })
  startedBy: StartedBy | null;

  @Column('text', { name: 'waiting_for', nullable: true })
  waitingFor: string | null;

  @Column('text', { nullable: true })
  error: string | null;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt: Date;

  @Column('timestamptz', { name: 'started_at', nullable: true })
  startedAt: Date | null;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt: Date | null;
}

/** Whether nothing becomes of it any more. */
export const isOver = ({ state }: ImportEntity): boolean => state === 'finished' || state === 'failed' || state === 'cancelled';

/** How its dates are to be read: as the agent has said, else as they prove themselves, else as is usual. Undefined where there are none. */
export function dateOrderOf({ dateOrder, columns, conventions }: ImportEntity): DateOrder | undefined {
  if (dateOrder) return dateOrder;
  const isDate = (field: string | null) =>
    field === 'birthday' ||
    (field?.startsWith('customFields.') && conventions?.customFields[field.slice('customFields.'.length)] === 'date');
  const dates = columns.filter(({ field }) => isDate(field));
  const proven = dates.flatMap((column) => column.dateOrder ?? []);
  if (dates.length === 0) return undefined;
  // No file has both, and a wrong date is worse than a missing one.
  return proven.includes('dmy') ? 'dmy' : (proven[0] ?? (conventions ? dateOrderIn(conventions.country) : undefined));
}

/** The system that its external ids are of: as the agent has said, else as the headers show. Undefined where it has none. */
export function sourceOf({ source, columns }: ImportEntity): string | undefined {
  if (source !== null) return source;
  if (!columns.some(({ field }) => field === 'externalId')) return undefined;
  return systemOf(columns.map(({ header }) => header)) ?? IMPORT_SOURCE;
}
