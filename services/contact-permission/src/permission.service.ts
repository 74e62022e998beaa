import { AppError, Bus } from '@kontor/bus';
import {
  type AboutEntry,
  type Change,
  type Collected,
  type Forgotten,
  getEntries,
  type OutputOf,
  type Permissions,
  type PermissionsChange,
  permissionsChanged,
} from '@kontor/contracts';
import { Database, emit } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { type EntityManager, Not } from 'typeorm';
import { PermissionEntity } from './permission.entity.js';
import { allowedFeatures, type Decided, defaultPermissions, isSame, namedIn, permissionsOf, withChange } from './permissions.js';

@Injectable()
export class PermissionService {
  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
  ) {}

  async get(id: string): Promise<Permissions> {
    const contactId = await this.visible(id);
    return this.db.transaction(async (tx) => permissionsOf(contactId, await withMerged(tx, [contactId])));
  }

  async set(id: string, change: PermissionsChange): Promise<Permissions> {
    const contactId = await this.changeable(id);
    return this.db.transaction(async (tx) => {
      const own = await lockPermissions(tx, contactId);
      const before = permissionsOf(contactId, await withMerged(tx, [contactId]));
      const after = withChange(before, change);
      const named = namedIn(change);
      const decided = [...new Set([...own.decided, ...named])];
      if (isSame(before, after) && decided.length === own.decided.length) return after;
      const permissions = { ...own.permissions, ...Object.fromEntries(named.map((feature) => [feature, after[feature]])) };
      await tx.update(PermissionEntity, { contactId }, { permissions, decided });
      if (!isSame(before, after)) await emit(tx, permissionsChanged, { changes: [{ contactId, allowed: allowedFeatures(after) }] });
      return after;
    });
  }

  /** Brings what is known of contacts up to date, one statement for the whole batch whatever happened to each of them. */
  async follow(changes: Change[]): Promise<void> {
    await this.db.transaction((tx) => follow(tx, changes));
  }

  /** Keeps only that the contact is gone, so that no late event brings it back. Customers have no permissions. */
  async forget({ id, kind, entry: { version } }: AboutEntry): Promise<Forgotten> {
    if (kind === 'customer') return { counts: { permissions: 0 } };
    return this.db.transaction(async (tx) => {
      const permissions = await tx.count(PermissionEntity, { where: { contactId: id, state: Not('gone') } });
      await follow(tx, [{ id, version, change: 'erased' }]);
      return { counts: { permissions } };
    });
  }

  async collect({ id, kind }: AboutEntry): Promise<Collected> {
    if (kind === 'customer') return { data: {} };
    const rows = await this.db.transaction((tx) => withMerged(tx, [id]));
    return { data: rows.length > 0 ? { permissions: permissionsOf(id, rows) } : {} };
  }

  /**
   * The contact that this id stands for, itself or what it was merged into. Only the customer service knows which contacts exist and which of them
   * the calling agent may see.
   */
  private async visible(id: string): Promise<string> {
    return (await this.seen(id)).id;
  }

  /** The same for changing what is kept of it; `forbidden` when the calling agent may only see it. */
  private async changeable(id: string): Promise<string> {
    const contact = await this.seen(id);
    if (!contact.mayWrite)
      throw new AppError('forbidden', 'You may see this contact but not change it; ask its owner or an admin for the right to write');
    return contact.id;
  }

  private async seen(id: string): Promise<SeenContact> {
    const [contact] = await this.entries(id);
    if (contact) return contact;
    const [end] = await this.db.transaction((tx) => endsOf(tx, [id]));
    const [survivor] = end && end !== id ? await this.entries(end) : [];
    if (!survivor) throw noSuchContact();
    return survivor;
  }

  private async entries(id: string): Promise<SeenContact[]> {
    return (await this.bus.request(getEntries, { ids: [id] })).contacts;
  }
}

type SeenContact = OutputOf<typeof getEntries>['contacts'][number];

const noSuchContact = () => new AppError('not-found', 'There is no contact with this id');

/** One writer at a time for each contact. The row may have to be made: the event that tells of the contact can still be on its way. */
async function lockPermissions(tx: EntityManager, contactId: string): Promise<Pick<Decided, 'permissions' | 'decided'>> {
  await tx
    .createQueryBuilder()
    .insert()
    .into(PermissionEntity)
    .values({ contactId, contactVersion: 0, state: 'shown', permissions: defaultPermissions })
    .orIgnore()
    .execute();
  const row = await tx.findOne(PermissionEntity, {
    where: { contactId, state: Not('gone') },
    lock: { mode: 'pessimistic_write' },
  });
  if (!row?.permissions) throw noSuchContact();
  return { permissions: row.permissions, decided: row.decided };
}

/** What was decided for these contacts and for everybody who was merged into them. */
const withMerged = (tx: EntityManager, contactIds: readonly string[]): Promise<Decided[]> =>
  tx.query(
    `with recursive all_of_them as (
       select unnest($1::uuid[]) as contact_id
       union select p.contact_id from permission p join all_of_them a on p.merged_into = a.contact_id
     )
     select p.contact_id as "contactId", p.merged_into as "mergedInto", p.permissions, p.decided
     from all_of_them a join permission p on p.contact_id = a.contact_id where p.permissions is not null`,
    [contactIds],
  );

/** What these contacts were merged into in the end; themselves when they were not. */
async function endsOf(tx: EntityManager, contactIds: readonly string[]): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `with recursive way as (
       select unnest($1::uuid[]) as id
       union select p.merged_into from permission p join way w on p.contact_id = w.id where p.merged_into is not null
     ) select id from way w where not exists (select from permission p where p.contact_id = w.id and p.merged_into is not null)`,
    [contactIds],
  );
  return rows.map(({ id }) => id);
}

/** Tells what those may see now with whom others were merged, or were and are not any more. */
async function tellMerged(tx: EntityManager, contactIds: readonly string[]): Promise<void> {
  if (contactIds.length === 0) return;
  const ends = await endsOf(tx, contactIds);
  const rows = await withMerged(tx, ends);
  const changes = ends.map((contactId) => ({ contactId, allowed: allowedFeatures(permissionsOf(contactId, rows)) }));
  for (let i = 0; i < changes.length; i += 1000) await emit(tx, permissionsChanged, { changes: changes.slice(i, i + 1000) });
}

async function follow(tx: EntityManager, changes: readonly Change[]): Promise<void> {
  const rows: { was: string | null; is: string | null }[] = await tx.query(FOLLOW, [
    JSON.stringify(changes),
    JSON.stringify(defaultPermissions),
  ]);
  await tellMerged(
    tx,
    rows.filter(({ was, is }) => was !== is).flatMap(({ was, is }) => [was ?? [], is ?? []].flat()),
  );
}

/**
 * Events come at least once and in no promised order, so a row takes only what is newer than what it knows, and what is gone stays gone.
 * Of several changes to one contact in a batch the newest counts; sorted, so that two batches at once lock rows in the same order.
 * A merged contact is hidden like one in the bin, because a merge can be undone; into whom it was merged is kept with it.
 */
const FOLLOW = `
  insert into permission (contact_id, contact_version, state, permissions, merged_into)
  select distinct on (id) id, version, state, case when state <> 'gone' then $2::jsonb end, merged_into
  from (
    select id, version, case
      when change in ('erased', 'purged') then 'gone'
      when change in ('binned', 'merged') then 'hidden'
      else 'shown'
    end as state, case when change = 'merged' then "into" end as merged_into
    from jsonb_to_recordset($1::jsonb) as batch (id uuid, version integer, change text, "into" uuid)
  ) as heard
  order by id, state = 'gone' desc, version desc
  on conflict (tenant_id, contact_id) do update set
    contact_version = excluded.contact_version,
    state = excluded.state,
    permissions = case when excluded.state <> 'gone' then permission.permissions end,
    decided = case when excluded.state <> 'gone' then permission.decided else '{}' end,
    merged_into = excluded.merged_into
  where permission.state <> 'gone' and (excluded.state = 'gone' or excluded.contact_version > permission.contact_version)
  returning old.merged_into as was, new.merged_into as is
`;
