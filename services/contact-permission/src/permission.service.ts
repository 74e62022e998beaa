import { AppError, Bus } from '@kontor/bus';
import {
  type AboutEntry,
  type Change,
  type Collected,
  type Forgotten,
  getEntries,
  type Permissions,
  type PermissionsChange,
  permissionsChanged,
} from '@kontor/contracts';
import { Database, emit } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { type EntityManager, Not } from 'typeorm';
import { PermissionEntity } from './permission.entity.js';
import { allowedFeatures, defaultPermissions, isSame, withChange } from './permissions.js';

@Injectable()
export class PermissionService {
  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
  ) {}

  async get(contactId: string): Promise<Permissions> {
    await this.mustBeVisible(contactId);
    return this.db.transaction(async (tx) => {
      const row = await tx.findOneBy(PermissionEntity, { contactId });
      return row?.permissions ?? defaultPermissions;
    });
  }

  async set(contactId: string, change: PermissionsChange): Promise<Permissions> {
    await this.mustBeVisible(contactId);
    return this.db.transaction(async (tx) => {
      const before = await lockPermissions(tx, contactId);
      const after = withChange(before, change);
      if (isSame(before, after)) return after;
      await tx.update(PermissionEntity, { contactId }, { permissions: after });
      await emit(tx, permissionsChanged, { changes: [{ contactId, allowed: allowedFeatures(after) }] });
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
    const row = await this.db.transaction((tx) => tx.findOneBy(PermissionEntity, { contactId: id }));
    return { data: row?.permissions ? { permissions: row.permissions } : {} };
  }

  /** Only the customer service knows which contacts exist and which of them the calling agent may see. */
  private async mustBeVisible(contactId: string): Promise<void> {
    const { contacts } = await this.bus.request(getEntries, { ids: [contactId] });
    if (contacts.length === 0) throw noSuchContact();
  }
}

const noSuchContact = () => new AppError('not-found', 'There is no contact with this id');

/** One writer at a time for each contact. The row may have to be made: the event that tells of the contact can still be on its way. */
async function lockPermissions(tx: EntityManager, contactId: string): Promise<Permissions> {
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
  return row.permissions;
}

const follow = (tx: EntityManager, changes: readonly Change[]) =>
  tx.query(FOLLOW, [JSON.stringify(changes), JSON.stringify(defaultPermissions)]);

/**
 * Events come at least once and in no promised order, so a row takes only what is newer than what it knows, and what is gone stays gone.
 * Of several changes to one contact in a batch the newest counts; sorted, so that two batches at once lock rows in the same order.
 * A merged contact is hidden like one in the bin, because a merge can be undone.
 */
const FOLLOW = `
  insert into permission (contact_id, contact_version, state, permissions)
  select distinct on (id) id, version, state, case when state <> 'gone' then $2::jsonb end
  from (
    select id, version, case
      when change in ('erased', 'purged') then 'gone'
      when change in ('binned', 'merged') then 'hidden'
      else 'shown'
    end as state
    from jsonb_to_recordset($1::jsonb) as batch (id uuid, version integer, change text)
  ) as heard
  order by id, state = 'gone' desc, version desc
  on conflict (tenant_id, contact_id) do update set
    contact_version = excluded.contact_version,
    state = excluded.state,
    permissions = case when excluded.state <> 'gone' then permission.permissions end
  where permission.state <> 'gone' and (excluded.state = 'gone' or excluded.contact_version > permission.contact_version)
`;
