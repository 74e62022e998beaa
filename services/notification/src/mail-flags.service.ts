import { Bus } from '@kontor/bus';
import {
  type AboutEntry,
  type Change,
  type Collected,
  type Forgotten,
  getCustomerContacts,
  type MailFlags,
  type MailFlagsChange,
  type Recipients,
  type Topic,
  topics,
} from '@kontor/contracts';
import { ContactDecisions, Database } from '@kontor/database';
import { Injectable, Logger } from '@nestjs/common';
import { mailFlagTable } from './mail-flags.js';
import { chooseRecipients } from './recipients.js';

@Injectable()
export class MailFlagsService {
  private readonly log = new Logger('MailFlags');
  private readonly decisions: ContactDecisions<Topic, boolean>;

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
  ) {
    this.decisions = new ContactDecisions(db, bus, mailFlagTable);
  }

  async get(id: string): Promise<MailFlags> {
    const contactId = await this.decisions.visible(id);
    return this.db.transaction(async (tx) => (await this.decisions.values(tx, [contactId])).get(contactId)!);
  }

  async set(id: string, change: MailFlagsChange): Promise<MailFlags> {
    const contactId = await this.decisions.changeable(id);
    const named = Object.fromEntries(topics.flatMap((topic) => (change[topic] === undefined ? [] : [[topic, change[topic]]])));
    return this.db.transaction(async (tx) => (await this.decisions.decide(tx, contactId, () => named)).after);
  }

  /** All contacts of a customer, those selected who get the mails of the topic. */
  async recipients(customerId: string, topic: Topic): Promise<Recipients> {
    const { contacts } = await this.bus.request(getCustomerContacts, { customerId });
    const ids = contacts.map(({ id }) => id);
    const flags = await this.db.transaction((tx) => this.decisions.values(tx, ids));
    const recipients = chooseRecipients(contacts, topic, (contactId) => flags.get(contactId)![topic]);
    if (recipients.warning) this.log.log({ event: 'nobody-gets-mail', customerId, topic });
    return recipients;
  }

  async follow(changes: Change[]): Promise<void> {
    await this.db.transaction((tx) => this.decisions.follow(tx, changes));
  }

  /** Customers have no flags. */
  async forget(about: AboutEntry): Promise<Forgotten> {
    if (about.kind === 'customer') return { counts: { mailFlags: 0 } };
    const { count } = await this.db.transaction((tx) => this.decisions.forget(tx, about));
    return { counts: { mailFlags: count } };
  }

  async collect({ id, kind }: AboutEntry): Promise<Collected> {
    const mailFlags = kind === 'contact' ? await this.decisions.collect(id) : undefined;
    return { data: mailFlags ? { mailFlags } : {} };
  }
}
