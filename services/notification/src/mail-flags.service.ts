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
  type OutputOf,
  type Recipients,
  type Topic,
  topics,
} from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { type EntityManager, Not } from 'typeorm';
import { MailFlagsEntity } from './mail-flags.entity.js';
import { type Decided, defaultFlags, flagsOf } from './mail-flags.js';
import { chooseRecipients } from './recipients.js';

@Injectable()
export class MailFlagsService {
  private readonly log = new Logger('MailFlags');

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
  ) {}

  async get(id: string): Promise<MailFlags> {
    const contactId = await this.visible(id);
    return this.db.transaction(async (tx) => flagsOf(contactId, await withMerged(tx, [contactId])));
  }

  async set(id: string, change: MailFlagsChange): Promise<MailFlags> {
    const contactId = await this.changeable(id);
    return this.db.transaction(async (tx) => {
      const own = await lockFlags(tx, contactId);
      const named = topics.filter((topic) => change[topic] !== undefined);
      const decided = [...new Set([...own.decided, ...named])];
      await tx.update(MailFlagsEntity, { contactId }, { flags: { ...own.flags, ...change }, decided });
      return flagsOf(contactId, await withMerged(tx, [contactId]));
    });
  }

  /** All contacts of a customer, those selected who get the mails of the topic. */
  async recipients(customerId: string, topic: Topic): Promise<Recipients> {
    const { contacts } = await this.bus.request(getCustomerContacts, { customerId });
    const rows = await this.db.transaction((tx) =>
      withMerged(
        tx,
        contacts.map(({ id }) => id),
      ),
    );
    const known = byEnd(rows);
    const recipients = chooseRecipients(contacts, topic, (contactId) => flagsOf(contactId, known.get(contactId) ?? [])[topic]);
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
    const rows = await this.db.transaction((tx) => withMerged(tx, [id]));
    return { data: rows.length > 0 ? { mailFlags: flagsOf(id, rows) } : {} };
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
    const end = await this.db.transaction((tx) => endOf(tx, id));
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
async function lockFlags(tx: EntityManager, contactId: string): Promise<Pick<Decided, 'flags' | 'decided'>> {
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
  return { flags: row.flags, decided: row.decided };
}

/** What was decided for these contacts and for everybody who was merged into them; `end` is the one of these that it is about. */
const withMerged = (tx: EntityManager, contactIds: readonly string[]): Promise<(Decided & { end: string })[]> =>
  tx.query(
    `with recursive all_of_them as (
       select id as contact_id, id as "end" from unnest($1::uuid[]) as given (id)
       union select m.contact_id, a."end" from mail_flags m join all_of_them a on m.merged_into = a.contact_id
     )
     select m.contact_id as "contactId", m.merged_into as "mergedInto", m.flags, m.decided, a."end"
     from all_of_them a join mail_flags m on m.contact_id = a.contact_id where m.flags is not null`,
    [contactIds],
  );

function byEnd(rows: readonly (Decided & { end: string })[]): Map<string, Decided[]> {
  const known = new Map<string, Decided[]>();
  for (const row of rows) known.set(row.end, [...(known.get(row.end) ?? []), row]);
  return known;
}

/** What a contact was merged into in the end; itself when it was not. */
async function endOf(tx: EntityManager, contactId: string): Promise<string | undefined> {
  const [row]: { id: string }[] = await tx.query(
    `with recursive way as (
       select $1::uuid as id
       union select m.merged_into from mail_flags m join way w on m.contact_id = w.id where m.merged_into is not null
     ) select id from way w where not exists (select from mail_flags m where m.contact_id = w.id and m.merged_into is not null)`,
    [contactId],
  );
  return row?.id;
}

const follow = (tx: EntityManager, changes: readonly Change[]) => tx.query(FOLLOW, [JSON.stringify(changes), JSON.stringify(defaultFlags)]);

/**
 * Events come at least once and in no promised order, so a row takes only what is newer than what it knows, and what is gone stays gone.
 * Of several changes to one contact in a batch the newest counts; sorted, so that two batches at once lock rows in the same order.
 * A merged contact is hidden like one in the bin, because a merge can be undone; into whom it was merged is kept with it.
 */
const FOLLOW = `
  insert into mail_flags (contact_id, contact_version, state, flags, merged_into)
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
    flags = case when excluded.state <> 'gone' then mail_flags.flags end,
    decided = case when excluded.state <> 'gone' then mail_flags.decided else '{}' end,
    merged_into = excluded.merged_into
  where mail_flags.state <> 'gone' and (excluded.state = 'gone' or excluded.contact_version > mail_flags.contact_version)
`;
