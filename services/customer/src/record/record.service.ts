import { fieldErrors, invalid } from '@kontor/bus';
import { type BusinessRecord, type InputOf, type ListRecords, type listRecords, RecordData, type RecordPatch } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { addLinkFilters, currentIdOf } from '../filters/link-filters.js';
import { Conditions, readPage } from '../paging/page.js';
import { readContact } from '../tables/contact.table.js';
import { mayReadRecord, readRecord, recordRead, type StoredRecord, writableRecord } from '../tables/record.table.js';
import { refuseStale } from '../tables/refuse-stale.js';
import { applyRecordItem, linkedContact, mergeData } from './apply-record-item.js';
import { contactFor, customerFor, findLinkables } from './find-linkables.js';
import { rowOf, writeRecords } from './write-records.js';

type Page = { items: BusinessRecord[]; nextCursor: string | null };

@Injectable()
export class RecordService {
  constructor(private readonly db: Database) {}

  get(id: string): Promise<BusinessRecord> {
    return this.db.transaction((tx) => readRecord(tx, id));
  }

  list({ sort, limit, cursor, ...input }: InputOf<typeof listRecords>): Promise<Page> {
    return this.db.transaction(async (tx) => {
      const where = await filters(tx, input);
      if (!where) return { items: [], nextCursor: null };
      const { rows, nextCursor } = await readPage<StoredRecord>(tx, { ...recordRead, where, sort, limit, cursor });
      return { items: rows, nextCursor };
    });
  }

  change({ id, version, change }: { id: string; version?: number; change: RecordPatch }): Promise<BusinessRecord> {
    return this.db.transaction(async (tx) => {
      const linkables = await findLinkables(tx, [change]);
      const before = await writableRecord(tx, id);
      await refuseStale(tx, before, version, change);
      const base = rowOf(before);
      const contact = contactFor(change, linkables);
      const row = applyRecordItem(
        base,
        { ...change, ...(change.data && { data: merged(before.data, change.data) }) },
        { customerId: customerFor(change, linkables), contact: contact === undefined ? linkedContact(base, before) : contact },
      );
      await writeRecords(tx, [{ row, before }]);
      return readRecord(tx, id);
    });
  }
}

function merged(before: BusinessRecord['data'], patch: BusinessRecord['data']): BusinessRecord['data'] {
  const { success, data, error } = RecordData.safeParse(mergeData(before, patch));
  if (success) return data;
  throw invalid(fieldErrors(error.issues).map((one) => ({ ...one, path: 'data' })));
}

/** The conditions of a list of records; undefined if it references an entry that does not exist for the caller, so that nothing can match. */
async function filters(tx: EntityManager, input: Omit<ListRecords, 'sort' | 'limit' | 'cursor'>): Promise<Conditions | undefined> {
  const where = new Conditions().add('t.deleted_at is null').add(mayReadRecord());
  const memberId = input.memberId && (await currentIdOf(readContact(tx, input.memberId)));
  if (memberId === null || !(await addLinkFilters(tx, where, input))) return undefined;
  if (memberId) where.add(`t.kind = 'project' and t.id in (select m.project_id from project_member m where m.contact_id = $)`, memberId);
  if (input.kind !== undefined) where.add('t.kind = $', input.kind);
  if (input.status !== undefined) where.add('t.status = $', input.status);
  if (input.source !== undefined) where.add('t.source = $', input.source);
  if (input.externalId !== undefined) where.add('t.external_id = $', input.externalId);
  if (input.waiting !== undefined) where.add(`${input.waiting ? '' : 'not '}t.id in (select w.record_id from record_waiting w)`);
  if (input.updatedSince !== undefined) where.add('t.updated_at >= $', input.updatedSince);
  return where;
}
