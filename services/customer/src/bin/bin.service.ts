import { AppError, grantees, NIL_UUID } from '@kontor/bus';
import {
  type BinCounts,
  type BinnedKind,
  type BinnedThing,
  type BinUnit,
  binnedKinds,
  type InputOf,
  type listBin,
  type listBinnedThings,
  type Restored,
  type restoreFromBin,
} from '@kontor/contracts';
import { Database, mayTakeLong } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { mayRead, mayReadAll, mayWrite } from '../access/access.js';
import { noChanges, recordAndPublish } from '../changes/changes.js';
import { Jobs, type OpenJob } from '../job/job.service.js';
import { limits } from '../job/limits.js';
import { decodeCursor, encodeCursor } from '../paging/page.js';
import { mayReadRequest, mayWriteRequest, requestRead } from '../request/request.table.js';
import { readSettings } from '../settings/settings.service.js';
import { retryOnUniqueViolation } from '../sql/retry-on-unique-violation.js';
import { isoTimestamp } from '../sql/rows.js';
import { contactRead } from '../tables/contact.table.js';
import { customerRead } from '../tables/customer.table.js';
import { lockReferenced, serializeParentChanges } from '../tables/lock-parents.js';
import { mayReadRecord, mayWriteRecord, recordRead } from '../tables/record.table.js';
import { purgeUnits } from './purge-units.js';
import { restoreThings, type Things } from './restore-things.js';

interface Unit {
  id: string;
  kind: BinnedKind;
  entryId: string;
  counts: BinCounts;
  links: object;
}

const FROM = 'bin b cross join lateral (select b.customer_readers as readers) bk';

const nameOf: Record<BinnedKind, string> = {
  customer: 't.name',
  contact: 't.display_name',
  record: `coalesce(t.title, t.kind || ' ' || t.external_id)`,
  request: 'coalesce(t.subject, t.number::text)',
};

/** The source and the access conditions of each kind: a unit may contain things that some agents may not see. */
const sources: Record<BinnedKind, { from: string; mayRead(): string; mayWrite(): string }> = {
  customer: { from: customerRead.from, mayRead: () => mayRead('customer'), mayWrite: () => mayWrite('customer') },
  contact: { from: contactRead.from, mayRead: () => mayRead('contact'), mayWrite: () => mayWrite('contact') },
  record: { from: recordRead.from, mayRead: mayReadRecord, mayWrite: mayWriteRecord },
  request: { from: requestRead.from, mayRead: mayReadRequest, mayWrite: mayWriteRequest },
};

/** A unit is visible to agents who could see the deleted entry at that time (its readers were stored) and may see it now. */
function visible(): string {
  if (!grantees()) return 'true';
  const now = binnedKinds.map(
    (kind) =>
      `(b.kind <> '${kind}' or exists (select 1 from ${sources[kind].from} where t.id = b.entry_id and ${sources[kind].mayRead()}))`,
  );
  return [mayReadAll('b', 'bk'), ...now].join(' and ');
}

@Injectable()
export class BinService {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
  ) {
    jobs.on<InputOf<typeof restoreFromBin>, object>('restore', (job) => this.finish(job));
  }

  list({ limit, cursor, kind }: InputOf<typeof listBin>): Promise<{ items: BinUnit[]; nextCursor: string | null }> {
    return this.db.transaction(async (tx) => {
      const { binDays } = await readSettings(tx);
      const before = cursor === undefined ? null : decodeCursor(cursor, 'bin')[1];
      const items: BinUnit[] = await tx.query(
        `select b.id, b.kind, b.entry_id as "entryId", b.name, b.counts, ${isoTimestamp('b.deleted_at')} as "deletedAt",
           ${isoTimestamp(`(b.deleted_at + make_interval(days => ${binDays}))`)} as "purgedAfter",
           case when b.deleted_by is not null then jsonb_build_object('id', b.deleted_by, 'name', a.name) end as "deletedBy"
         from ${FROM} left join agent a on a.tenant_id = b.tenant_id and a.id = b.deleted_by
         where ($1::uuid is null or b.id < $1) and ($2::text is null or b.kind = $2) and ${visible()}
         order by b.id desc limit ${limit + 1}`,
        [before, kind ?? null],
      );
      const page = items.slice(0, limit);
      return { items: page, nextCursor: items.length > limit ? encodeCursor('bin', '', page.at(-1)?.id ?? '') : null };
    });
  }

  things({ id, kind, limit, cursor }: InputOf<typeof listBinnedThings>): Promise<{ items: BinnedThing[]; nextCursor: string | null }> {
    return this.db.transaction(async (tx) => {
      const unit = await readUnit(tx, id);
      const [place, after] = cursor === undefined ? ['', NIL_UUID] : decodeCursor(cursor, 'binned-things');
      const kinds = binnedKinds.filter(
        (one) =>
          (kind === undefined || one === kind) && binnedKinds.indexOf(one) >= binnedKinds.indexOf((place || 'customer') as BinnedKind),
      );
      const items: BinnedThing[] = await tx.query(
        `select * from (${kinds
          .map(
            (one, i) => `(select t.id, '${one}' as kind, ${nameOf[one]} as name, ${i} as n from ${sources[one].from}
              where t.bin_id = $1 and ${sources[one].mayRead()} and t.id > ${one === place ? '$2' : `'${NIL_UUID}'`} order by t.id limit ${limit + 1})`,
          )
          .join(' union all ')}) things order by n, id limit ${limit + 1}`,
        place ? [unit.id, after] : [unit.id],
      );
      const page = items.slice(0, limit);
      const last = page.at(-1);
      return { items: page, nextCursor: items.length > limit && last ? encodeCursor('binned-things', last.kind, last.id) : null };
    });
  }

  restore(input: InputOf<typeof restoreFromBin>): Promise<Restored> {
    return this.withRetry(async (tx) => {
      await serializeParentChanges(tx);
      const unit = await readUnit(tx, input.id, 'lock');
      await lockParentsOfUnit(tx, unit.id);
      const named = input.things && (await thingsOf(tx, unit, input.things));
      await refuseReadOnly(tx, unit.id, input.things);
      if (named) return restore(tx, unit, named);
      const total = Object.values(unit.counts).reduce((n, count) => n + count, 0);
      if (total <= limits.jobAbove) return restore(tx, unit, await thingsOf(tx, unit));
      const job = await this.jobs.create(tx, 'restore', { ...input, id: unit.id }, total);
      return { restored: { customers: 0, contacts: 0, records: 0, requests: 0 }, notRestored: [], job };
    });
  }

  /** If a key of a restored entry is taken concurrently, the retry restores the entry without it. */
  private withRetry<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return retryOnUniqueViolation(() => this.db.transaction(work));
  }

  private async finish(job: OpenJob<InputOf<typeof restoreFromBin>, object>): Promise<void> {
    if (job.done >= job.total) return;
    await this.withRetry(async (tx) => {
      await mayTakeLong(tx);
      await serializeParentChanges(tx);
      const unit = await readUnit(tx, job.input.id, 'lock');
      await lockParentsOfUnit(tx, unit.id);
      const result = await restore(tx, unit, await thingsOf(tx, unit, job.input.things));
      await this.jobs.advance(tx, job as OpenJob, job.total, result);
    });
  }

  async purge(id: string): Promise<Record<string, never>> {
    await this.db.transaction(async (tx) => purgeUnits(tx, [(await readUnit(tx, id, 'lock')).id]));
    return {};
  }
}

/** A unit by its own id, or by that of the thing that was deleted. */
async function readUnit(tx: EntityManager, id: string, lock?: 'lock'): Promise<Unit> {
  const [unit]: Unit[] = await tx.query(
    `select b.id, b.kind, b.entry_id as "entryId", b.counts, b.links from ${FROM}
     where (b.id = $1 or b.entry_id = $1) and ${visible()} order by b.id desc limit 1 ${lock ? 'for update of b' : ''}`,
    [id],
  );
  if (!unit) throw new AppError('not-found', 'There is nothing with this id in the bin');
  return unit;
}

/** Locks what the things of this unit belong to and are linked to, so that it cannot be deleted while they are restored. */
async function lockParentsOfUnit(tx: EntityManager, unit: string): Promise<void> {
  const parents = async () => {
    const [row]: { customers: string[] | null; contacts: string[] | null }[] = await tx.query(
      `select (select array_agg(distinct id) from (
           select parent_id as id from customer where bin_id = $1 union all select customer_id from contact where bin_id = $1
           union all select customer_id from record where bin_id = $1 union all select customer_id from request where bin_id = $1
         ) p where id is not null) as customers,
         (select array_agg(distinct id) from (
           select contact_id as id from record where bin_id = $1 union all select contact_id from request where bin_id = $1
         ) p where id is not null) as contacts`,
      [unit],
    );
    return { customers: row?.customers ?? [], contacts: row?.contacts ?? [] };
  };
  // A merge may have moved the things while this waited for the lock.
  for (let held = '', found = await parents(); held !== JSON.stringify(found); found = await parents()) {
    held = JSON.stringify(found);
    await lockReferenced(tx, 'customer', found.customers);
    await lockReferenced(tx, 'contact', found.contacts);
  }
}

async function thingsOf(tx: EntityManager, unit: Unit, wanted?: InputOf<typeof restoreFromBin>['things']): Promise<Things> {
  const things: Things = { customer: [], contact: [], record: [], request: [] };
  for (const kind of binnedKinds) {
    const only = wanted?.filter((one) => one.kind === kind).map(({ id }) => id);
    if (only?.length === 0) continue;
    const rows: { id: string }[] = await tx.query(
      `select t.id from ${sources[kind].from} where t.bin_id = $1 and ($2::uuid[] is null or t.id = any($2) and ${sources[kind].mayRead()})
       order by t.id for no key update of t`,
      [unit.id, only ?? null],
    );
    things[kind] = rows.map(({ id }) => id);
    const missing = only?.find((id) => !things[kind].includes(id));
    if (missing) throw new AppError('not-found', `There is no ${kind} ${missing} among what was deleted together`);
  }
  return things;
}

/** Restoring requires write access to each thing. */
async function refuseReadOnly(tx: EntityManager, unit: string, things: InputOf<typeof restoreFromBin>['things']): Promise<void> {
  const [found]: unknown[] = await tx.query(
    binnedKinds
      .map(
        (kind) => `(select 1 from ${sources[kind].from}
           where t.bin_id = $1 and ($2::uuid[] is null or t.id = any($2)) and not (${sources[kind].mayWrite()}) limit 1)`,
      )
      .join(' union all '),
    [unit, things?.map(({ id }) => id) ?? null],
  );
  if (found)
    throw new AppError('forbidden', 'This includes things that you may not change, so you cannot restore it; ask its owner or an admin');
}

async function restore(tx: EntityManager, unit: Unit, things: Things): Promise<Restored> {
  const changes = noChanges();
  const result = await restoreThings(tx, unit.id, things, unit.links, changes);
  await recordAndPublish(tx, changes);
  const [left]: BinCounts[] = await tx.query(
    `select ${binnedKinds.map((kind) => `(select count(*) from "${kind}" where bin_id = $1)::int as ${kind}s`).join(', ')}`,
    [unit.id],
  );
  if (left && Object.values(left).some((n) => n > 0))
    await tx.query('update bin set counts = $2 where id = $1', [unit.id, JSON.stringify(left)]);
  else await tx.query('delete from bin where id = $1', [unit.id]);
  return result;
}
