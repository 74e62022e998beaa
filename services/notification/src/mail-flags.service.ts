import { AppError, Bus } from '@kontor/bus';
import {
  type AboutEntry,
  type Change,
  type Collected,
  type Forgotten,
  getCustomerContacts,
  getEntries,
  type MailFlags,
  type MailFlagsChange,
  type Recipients,
  type Topic,
} from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager, In, Not } from 'typeorm';
import { MailFlagsEntity } from './mail-flags.entity.js';
import { defaultFlags } from './mail-flags.js';
import { chooseRecipients } from './recipients.js';

@Injectable()
export class MailFlagsService {
  private readonly log = new Logger('MailFlags');

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
  ) {}

  async get(contactId: string): Promise<MailFlags> {
    await this.mustBeVisible(contactId);
    return this.db.transaction(async (tx) => {
      const row = await tx.findOneBy(MailFlagsEntity, { contactId });
      return row?.flags ?? defaultFlags;
    });
  }

  async set(contactId: string, change: MailFlagsChange): Promise<MailFlags> {
    await this.mustBeVisible(contactId);
    return this.db.transaction(async (tx) => {
      const flags: MailFlags = { ...(await lockFlags(tx, contactId)), ...change };
      await tx.update(MailFlagsEntity, { contactId }, { flags });
      return flags;
    });
  }

  /** All contacts of a customer, those selected who get the mails of the topic. */
  async recipients(customerId: string, topic: Topic): Promise<Recipients> {
    const { contacts } = await this.bus.request(getCustomerContacts, { customerId });
    const rows = await this.db.transaction((tx) => tx.findBy(MailFlagsEntity, { contactId: In(contacts.map(({ id }) => id)) }));
    const flagsOf = new Map(rows.map(({ contactId, flags }) => [contactId, flags]));
    const recipients = chooseRecipients(contacts, topic, (contactId) => (flagsOf.get(contactId) ?? defaultFlags)[topic]);
    if (recipients.warning) this.log.log({ event: 'nobody-gets-mail', customerId, topic });
    return recipients;
  }

  /** Brings what is known of contacts up to date, one statement for the whole batch whatever happened to each of them. */
  async follow(changes: Change[]): Promise<void> {
    await this.db.transaction((tx) => follow(tx, changes));
  }

  /** Keeps only that the contact is gone, so that no late event brings it back. Customers have no flags. */
  async forget({ id, kind, entry: { version } }: AboutEntry): Promise<Forgotten> {
    if (kind === 'customer') return { counts: { mailFlags: 0 } };
    return this.db.transaction(async (tx) => {
      const mailFlags = await tx.count(MailFlagsEntity, { where: { contactId: id, state: Not('gone') } });
      await follow(tx, [{ id, version, change: 'erased' }]);
      return { counts: { mailFlags } };
    });
  }

  async collect({ id, kind }: AboutEntry): Promise<Collected> {
    if (kind === 'customer') return { data: {} };
    const row = await this.db.transaction((tx) => tx.findOneBy(MailFlagsEntity, { contactId: id }));
    return { data: row?.flags ? { mailFlags: row.flags } : {} };
  }

  /** Only the customer service knows which contacts exist and which of them the calling agent may see. */
  private async mustBeVisible(contactId: string): Promise<void> {
    const { contacts } = await this.bus.request(getEntries, { ids: [contactId] });
    if (contacts.length === 0) throw noSuchContact();
  }
}

const noSuchContact = () => new AppError('not-found', 'There is no contact with this id');

/** One writer at a time for each contact. The row may have to be made: the event that tells of the contact can still be on its way. */
async function lockFlags(tx: EntityManager, contactId: string): Promise<MailFlags> {
  await tx
    .createQueryBuilder()
    .insert()
    .into(MailFlagsEntity)
    .values({ contactId, contactVersion: 0, state: 'shown', flags: defaultFlags })
    .orIgnore()
    .execute();
  const row = await tx.findOne(MailFlagsEntity, {
    where: { contactId, state: Not('gone') },
    lock: { mode: 'pessimistic_write' },
  });
  if (!row?.flags) throw noSuchContact();
  return row.flags;
}

const follow = (tx: EntityManager, changes: readonly Change[]) => tx.query(FOLLOW, [JSON.stringify(changes), JSON.stringify(defaultFlags)]);

/**
 * Events come at least once and in no promised order, so a row takes only what is newer than what it knows, and what is gone stays gone.
 * Of several changes to one contact in a batch the newest counts; sorted, so that two batches at once lock rows in the same order.
 * A merged contact is hidden like one in the bin, because a merge can be undone.
 */
const FOLLOW = `
  insert into mail_flags (contact_id, contact_version, state, flags)
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
    flags = case when excluded.state <> 'gone' then mail_flags.flags end
  where mail_flags.state <> 'gone' and (excluded.state = 'gone' or excluded.contact_version > mail_flags.contact_version)
`;
