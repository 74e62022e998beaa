import { AppError, Bus, currentContext, invalid, runAs, serviceContext } from '@kontor/bus';
import {
  type AboutEntry,
  forgetInContactPermission,
  forgetInImport,
  forgetInNotification,
  forgetInSearch,
  type InputOf,
  type Job,
  type listErasures,
  type OutputOf,
} from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { binContact, binCustomer, lockTreeForRemoval, withDepartments } from '../bin/bin-things.js';
import { noChanges, recordAndPublish } from '../changes/changes.js';
import { Jobs, type OpenJob } from '../job/job.service.js';
import { decodeCursor, encodeCursor } from '../paging/page.js';
import type { Noun } from '../sql/rows.js';
import { isoTimestamp } from '../sql/rows.js';
import { readContacts } from '../tables/contact.table.js';
import { readCustomers } from '../tables/customer.table.js';
import { lockCustomersOf } from '../tables/primary-contact.js';
import { refuseStale } from '../tables/refuse-stale.js';
import { aboutEntry } from './about-entry.js';
import { eraseLocally } from './erase-locally.js';

const forgetContracts = {
  'contact-permission': forgetInContactPermission,
  notification: forgetInNotification,
  import: forgetInImport,
  search: forgetInSearch,
} as const;
const OTHER_SERVICES = Object.keys(forgetContracts) as (keyof typeof forgetContracts)[];

interface Input {
  id: string;
  noun: Noun;
}
type Counts = Record<string, Record<string, number>>;
type ErasureJob = OpenJob<Input, { counts?: Counts }>;

/**
 * Erases a contact or customer from every service (docs/rules.md 6.3): moves it to the bin, which hides it; asks each service to erase its data;
 * finally deletes the rows here and leaves a proof without personal data. Resumes after a crash.
 */
@Injectable()
export class ErasureService {
  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly jobs: Jobs,
  ) {
    jobs.on<Input, { counts?: Counts }>('erase', (job) => this.finish(job));
  }

  erase(noun: Noun, { id, version }: { id: string; version?: number }): Promise<{ job: Job }> {
    if (version === undefined)
      throw invalid([
        {
          path: 'If-Match',
          message: 'is needed here: erasing cannot be undone; send the ETag of what you have seen',
          code: 'missing-header',
        },
      ]);
    return this.db.transaction(async (tx) => {
      await this.moveToBin(tx, noun, id, version);
      return { job: await this.jobs.create(tx, 'erase', { id, noun }, OTHER_SERVICES.length + 1) };
    });
  }

  /** Moves the entry to the bin without listing it there, so that it cannot be restored. Accepts an entry that is in the bin already. */
  private async moveToBin(tx: EntityManager, noun: Noun, id: string, version: number): Promise<void> {
    if (noun === 'customer') await lockTreeForRemoval(tx, id);
    else await lockCustomersOf(tx, [id]);
    const [row]: { version: number; merged_into: string | null; deleted: boolean; bin_id: string | null }[] = await tx.query(
      `select version, merged_into, deleted_at is not null as deleted, bin_id from ${noun} where id = $1 for update`,
      [id],
    );
    if (!row) throw new AppError('not-found', `There is no ${noun} with this id`);
    if (row.merged_into)
      throw new AppError(
        'conflict',
        `This ${noun} was merged into ${row.merged_into}; erase that one, and all that was merged into it goes too`,
        {
          into: row.merged_into,
        },
      );
    await refuseStale(tx, { id, version: row.version }, version);
    if (noun === 'customer') await refuseNonEmpty(tx, id);
    if (!row.deleted) {
      const changes = noChanges();
      if (noun === 'contact') for (const contact of await readContacts(tx, [id])) await binContact(tx, contact, changes);
      else for (const customer of await readCustomers(tx, [id])) await binCustomer(tx, customer, changes);
      await recordAndPublish(tx, changes);
    }
    await tx.query('delete from bin where entry_id = $1', [id]);
    if (row.bin_id)
      await tx.query(
        `update bin set counts = jsonb_set(counts, $2, to_jsonb((counts->>$3)::int - 1)) where id = $1 and (counts->>$3)::int > 0`,
        [row.bin_id, `{${noun}s}`, `${noun}s`],
      );
    await tx.query(`update ${noun} set bin_id = null where id = $1`, [id]);
  }

  private async finish(job: ErasureJob): Promise<void> {
    const { id, noun } = job.input;
    const asService = serviceContext(currentContext().tenant, { requestId: currentContext().requestId, lane: 'bulk' });
    for (const name of OTHER_SERVICES.slice(job.done)) {
      const about = await this.db.transaction((tx) => aboutEntry(tx, noun, id));
      const counts = about ? await this.requestErasure(name, about, asService) : {};
      await this.db.transaction((tx) =>
        this.jobs.advance(tx, job as OpenJob, job.done + 1, { counts: { ...job.result.counts, [name]: counts } }),
      );
    }
    await this.db.transaction(async (tx) => {
      const { steps, counts } = await eraseLocally(tx, noun, id);
      const all = { ...job.result.counts, customer: counts };
      await tx.query('insert into erasure (id, kind, erased_by, counts) values ($1, $2, $3, $4) on conflict do nothing', [
        id,
        noun,
        currentContext().agent?.id ?? null,
        JSON.stringify(all),
      ]);
      await recordAndPublish(tx, noun === 'contact' ? { contacts: steps, customers: [] } : { contacts: [], customers: steps });
      await this.jobs.advance(tx, job as OpenJob, job.total, { counts: all });
    });
  }

  private async requestErasure(name: keyof typeof forgetContracts, about: AboutEntry, context: ReturnType<typeof serviceContext>) {
    const { counts } = await runAs(context, () => this.bus.request(forgetContracts[name], about));
    return counts;
  }

  list({ limit, cursor }: InputOf<typeof listErasures>): Promise<OutputOf<typeof listErasures>> {
    return this.db.transaction(async (tx) => {
      const [at, id] = cursor === undefined ? ['', null] : decodeCursor(cursor, 'erasures');
      const items: (OutputOf<typeof listErasures>['items'][number] & { place: string })[] = await tx.query(
        `select e.id, e.kind, ${isoTimestamp('e.erased_at')} as "erasedAt", e.counts, e.erased_at::text as place,
           case when e.erased_by is not null then jsonb_build_object('id', e.erased_by, 'name', a.name) end as "erasedBy"
         from erasure e left join agent a on a.tenant_id = e.tenant_id and a.id = e.erased_by
         where $2::uuid is null or (e.erased_at, e.id) < ($1::timestamptz, $2) order by e.erased_at desc, e.id desc limit ${limit + 1}`,
        [at || null, id],
      );
      const last = items.length > limit ? items[limit - 1] : undefined;
      return { items: items.slice(0, limit), nextCursor: last ? encodeCursor('erasures', last.place, last.id) : null };
    });
  }
}

/** A customer can be erased only without contacts and departments: those must be moved or erased deliberately first. */
async function refuseNonEmpty(tx: EntityManager, id: string): Promise<void> {
  const departments = (await withDepartments(tx, id)).length - 1;
  const [row]: { n: number }[] = await tx.query('select count(*)::int as n from contact where customer_id = $1 and merged_into is null', [
    id,
  ]);
  const contacts = row?.n ?? 0;
  if (departments > 0 || contacts > 0)
    throw new AppError(
      'conflict',
      `This customer has ${contacts} contacts (including those in the bin) and ${departments} departments; move or erase them first`,
      { contacts, departments },
    );
}
