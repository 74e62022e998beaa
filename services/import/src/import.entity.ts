import type { Context } from '@kontor/bus';
import type { Import, ImportMapping } from '@kontor/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SurveyedColumn } from './survey-file.js';

/** Whose import it is: its batches are sent with these rights. */
export type StartedBy = Pick<Context, 'agent' | 'roles' | 'teams'>;

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

/** How its dates are to be read: as the agent has said, else as the birthdays in the file prove. */
export const dateOrderOf = ({ dateOrder, columns }: ImportEntity) =>
  dateOrder ?? columns.find((column) => column.field === 'birthday')?.dateOrder;
