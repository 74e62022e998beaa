import { randomUUID } from 'node:crypto';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, type World } from '@kontor/testing';
import type pg from 'pg';

// All operations that reference another row, and all that end one, for tests of their concurrency.

export interface Scene {
  agent: Context;
  ask: World['ask'];
  /** The customer and the contact that are ended, and those that they are merged into. */
  customer: k.Customer;
  otherCustomer: k.Customer;
  contact: k.Contact;
  otherContact: k.Contact;
  domain: string;
}

export async function aScene(world: World, agent: Context, of: Names): Promise<Scene> {
  const ask: World['ask'] = (who, contract, input) => world.ask(again(who), contract, input);
  const domain = `${randomUUID()}.example`;
  const customer = await ask(agent, k.createCustomer, aCustomer({ domains: [domain] }));
  const otherCustomer = await ask(agent, k.createCustomer, aCustomer());
  const home = of === 'contact' ? { customerId: customer.id } : {};
  const contact = await ask(
    agent,
    k.createContact,
    aContact({ ...home, employeeCode: randomUUID(), externalIds: [{ source: 'crm', id: randomUUID() }] }),
  );
  const otherContact = await ask(agent, k.createContact, aContact());
  return { agent, ask, customer, otherCustomer, contact, otherContact, domain };
}

export type Names = 'customer' | 'contact';
type Step = (scene: Scene) => Promise<unknown>;
/** Creates what it needs, and returns the operation that references the parent. */
type Adder = (scene: Scene) => Promise<() => Promise<unknown>>;

const record = (given: object) => ({ source: 'erp', externalId: randomUUID(), kind: 'ticket', ...given });
const aRecord = async ({ ask, agent }: Scene, given: object = {}): Promise<string> =>
  (await ask(agent, k.upsertRecords, { items: [record(given)] })).items[0]?.id ?? '';
const binnedUnit = async ({ ask, agent }: Scene): Promise<string> => (await ask(agent, k.listBin, {})).items[0]?.id ?? '';
const email = (scene: Scene) => scene.contact.emails[0]?.address ?? '';

export const adders: Record<Names, Record<string, Adder>> = {
  customer: {
    'create a contact': async (s) => () => s.ask(s.agent, k.createContact, aContact({ customerId: s.customer.id })),
    'create a contact by mail domain': async (s) => () =>
      s.ask(s.agent, k.createContact, aContact({ emails: [{ address: `ada@${s.domain}` }] })),
    'create contacts': async (s) => () =>
      s.ask(s.agent, k.createContacts, { items: [aContact(), aContact({ customerId: s.customer.id })] }),
    'upsert contacts': async (s) => () =>
      s.ask(s.agent, k.upsertContacts, {
        items: [
          aContact({ customerId: s.customer.id }),
          { emails: [{ address: email(s) }], customerId: s.customer.id },
          aContact({ emails: [{ address: `bob@${s.domain}` }] }),
        ],
      }),
    'import contacts': async (s) => () =>
      s.ask(s.agent, k.importContacts, {
        importId: randomUUID(),
        number: 0,
        onKnown: 'update',
        rows: [
          { firstName: 'Ada', customerId: s.customer.id },
          { emails: [email(s)], customerId: s.customer.id },
          { emails: [`cy@${s.domain}`] },
        ],
      }),
    'change a contact': async (s) => () => s.ask(s.agent, k.changeContact, { id: s.contact.id, change: { customerId: s.customer.id } }),
    'move a contact': async (s) => () => s.ask(s.agent, k.moveContact, { id: s.otherContact.id, customerId: s.customer.id }),
    'change many contacts': async (s) => () =>
      s.ask(s.agent, k.changeContacts, { ids: [s.contact.id, s.otherContact.id], change: { customerId: s.customer.id } }),
    'create a department': async (s) => () => s.ask(s.agent, k.createCustomer, aCustomer({ parentId: s.customer.id })),
    'create a department of a department': async (s) => {
      const department = await s.ask(s.agent, k.createCustomer, aCustomer({ parentId: s.customer.id }));
      return () => s.ask(s.agent, k.createCustomer, aCustomer({ parentId: department.id }));
    },
    'create a contact of a department': async (s) => {
      const department = await s.ask(s.agent, k.createCustomer, aCustomer({ parentId: s.customer.id }));
      return () => s.ask(s.agent, k.createContact, aContact({ customerId: department.id }));
    },
    'make a department': async (s) => {
      const { id } = await s.ask(s.agent, k.createCustomer, aCustomer());
      return () => s.ask(s.agent, k.changeCustomer, { id, change: { parentId: s.customer.id } });
    },
    'create records': async (s) => () =>
      s.ask(s.agent, k.upsertRecords, { items: [record({ customerId: s.customer.id }), record({ customerId: s.otherCustomer.id })] }),
    'change a record': async (s) => {
      const id = await aRecord(s);
      return () => s.ask(s.agent, k.changeRecord, { id, change: { customerId: s.customer.id } });
    },
    'create a request': async (s) => () => s.ask(s.agent, k.createRequest, { customerId: s.customer.id, contactId: s.contact.id }),
    'change a request': async (s) => {
      const { id } = await s.ask(s.agent, k.createRequest, {});
      return () => s.ask(s.agent, k.changeRequest, { id, change: { customerId: s.customer.id } });
    },
    'save a caller as a contact': async (s) => {
      const { id } = await s.ask(s.agent, k.createRequest, { customerId: s.customer.id, caller: { lastName: 'Stone' } });
      return () => s.ask(s.agent, k.saveCaller, { id, save: 'new' });
    },
    'restore a contact': async (s) => {
      const { id } = await s.ask(s.agent, k.createContact, aContact({ customerId: s.customer.id }));
      await s.ask(s.agent, k.deleteContact, { id });
      return () => s.ask(s.agent, k.restoreFromBin, { id });
    },
    'restore a department': async (s) => {
      const { id } = await s.ask(s.agent, k.createCustomer, aCustomer({ parentId: s.customer.id }));
      await s.ask(s.agent, k.deleteCustomer, { id });
      return () => s.ask(s.agent, k.restoreFromBin, { id });
    },
    'restore a record': async (s) => {
      const id = await aRecord(s, { customerId: s.customer.id });
      await s.ask(s.agent, k.deleteRecord, { id });
      return () => s.ask(s.agent, k.restoreFromBin, { id });
    },
    'undo a merge of contacts': async (s) => {
      const { id } = await s.ask(s.agent, k.createContact, aContact({ customerId: s.customer.id }));
      const merge = await s.ask(s.agent, k.mergeContacts, { into: s.otherContact.id, from: [id] });
      await s.ask(s.agent, k.moveContact, { id: s.otherContact.id, customerId: null });
      return () => s.ask(s.agent, k.undoMerge, { id: merge.id ?? '' });
    },
  },
  contact: {
    'create records': async (s) => () =>
      s.ask(s.agent, k.upsertRecords, { items: [record({ contactId: s.contact.id }), record({ customerId: s.otherCustomer.id })] }),
    'create a record by e-mail': async (s) => () => s.ask(s.agent, k.upsertRecords, { items: [record({ contact: { email: email(s) } })] }),
    'create records by external id, one that waits': async (s) => () =>
      s.ask(s.agent, k.upsertRecords, {
        items: [
          record({ contact: { externalId: s.contact.externalIds[0] } }),
          record({ contact: { externalId: { source: 'x', id: randomUUID() } } }),
        ],
      }),
    'change a record': async (s) => {
      const id = await aRecord(s);
      return () => s.ask(s.agent, k.changeRecord, { id, change: { contactId: s.contact.id } });
    },
    'create a request': async (s) => () => s.ask(s.agent, k.createRequest, { contactId: s.contact.id }),
    'create a request by employee code': async (s) => () => s.ask(s.agent, k.createRequest, { employeeCode: s.contact.employeeCode ?? '' }),
    'change a request': async (s) => {
      const { id } = await s.ask(s.agent, k.createRequest, {});
      return () => s.ask(s.agent, k.changeRequest, { id, change: { contactId: s.contact.id } });
    },
    'save changes of a caller': async (s) => {
      const { id } = await s.ask(s.agent, k.createRequest, { contactId: s.contact.id });
      await s.ask(s.agent, k.changeRequest, { id, change: { caller: { lastName: 'Stone' } } });
      return () => s.ask(s.agent, k.saveCaller, { id, save: 'changes' });
    },
    'add a project member': async (s) => {
      const id = await aRecord(s, { kind: 'project', customerId: s.otherCustomer.id });
      return () => s.ask(s.agent, k.addProjectMember, { id, contactId: s.contact.id });
    },
    'choose the primary contact': async (s) => {
      await s.ask(s.agent, k.createContact, aContact({ customerId: s.customer.id }));
      return () => s.ask(s.agent, k.changeCustomer, { id: s.customer.id, change: { primaryContactId: s.contact.id } });
    },
    'restore a record': async (s) => {
      const id = await aRecord(s, { contactId: s.contact.id });
      await s.ask(s.agent, k.deleteRecord, { id });
      return () => s.ask(s.agent, k.restoreFromBin, { id });
    },
    'restore a request': async (s) => {
      const { id } = await s.ask(s.agent, k.createRequest, { contactId: s.contact.id });
      await s.ask(s.agent, k.deleteRequest, { id });
      const unit = await binnedUnit(s);
      return () => s.ask(s.agent, k.restoreFromBin, { id: unit });
    },
    'set a photo': async (s) => () => s.ask(s.agent, k.setPhoto, { kind: 'contact', id: s.contact.id, mediaType: 'image/gif', image: DOT }),
  },
};

const DOT = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

export const enders: Record<Names, Record<string, Step>> = {
  customer: {
    'its customer is deleted': (s) => s.ask(s.agent, k.deleteCustomer, { id: s.customer.id }),
    'its customer is merged': (s) => s.ask(s.agent, k.mergeCustomers, { into: s.otherCustomer.id, from: [s.customer.id] }),
    'its customer is erased': (s) => s.ask(s.agent, k.eraseCustomer, { id: s.customer.id, version: s.customer.version }),
  },
  contact: {
    'its contact is deleted': (s) => s.ask(s.agent, k.deleteContact, { id: s.contact.id }),
    'its contact is merged': (s) => s.ask(s.agent, k.mergeContacts, { into: s.otherContact.id, from: [s.contact.id] }),
    'its contact is erased': (s) => s.ask(s.agent, k.eraseContact, { id: s.contact.id, version: s.contact.version }),
    'the customer of its contact is deleted': (s) => s.ask(s.agent, k.deleteCustomer, { id: s.customer.id }),
    'the customer of its contact is merged': (s) => s.ask(s.agent, k.mergeCustomers, { into: s.otherCustomer.id, from: [s.customer.id] }),
  },
};

/**
 * Rows that reference missing rows. A row that is being erased is in no unit of the bin until it is gone. A record restored alone keeps its links to
 * rows in the bin and reports them; these are excluded with `restored`.
 */
export async function danglingLinks(sql: pg.Client, tenant: string, restored: readonly string[] = []): Promise<unknown[]> {
  const { rows } = await sql.query(
    `with live_customer as (select id from customer where tenant_id = $1 and deleted_at is null),
       live_contact as (select id from contact where tenant_id = $1 and deleted_at is null),
       kept_contact as (select id from contact where tenant_id = $1 and merged_into is null),
       thing as (
         select 'record' as kind, id, customer_id, contact_id from record where tenant_id = $1 and deleted_at is null
         union all select 'request', id, customer_id, contact_id from request where tenant_id = $1 and deleted_at is null
       )
     select 'contact without its customer' as what, id from contact
       where tenant_id = $1 and deleted_at is null and customer_id is not null and customer_id not in (select id from live_customer)
     union all select 'department without its parent', id from customer
       where tenant_id = $1 and deleted_at is null and parent_id is not null and parent_id not in (select id from live_customer)
     union all select kind || ' without its customer', id from thing
       where customer_id is not null and customer_id not in (select id from live_customer) and not id = any($2)
     union all select kind || ' of a contact that is not there', id from thing
       where contact_id is not null and contact_id not in (select id from kept_contact)
     union all select 'record of a deleted contact only', id from thing
       where kind = 'record' and contact_id is not null and customer_id is null and contact_id not in (select id from live_contact)
         and not id = any($2)
     union all select 'member that is not there', contact_id from project_member
       where tenant_id = $1 and contact_id not in (select id from kept_contact)
     union all select 'customer without its primary contact', id from customer k
       where tenant_id = $1 and deleted_at is null and exists (select from contact c where c.tenant_id = $1 and c.customer_id = k.id and c.deleted_at is null)
         and not exists (select from contact c where c.tenant_id = $1 and c.customer_id = k.id and c.deleted_at is null and c.id = k.primary_contact_id)
     union all select 'primary contact of another customer', id from customer k
       where tenant_id = $1 and deleted_at is null and primary_contact_id is not null
         and not exists (select from contact c where c.tenant_id = $1 and c.customer_id = k.id and c.deleted_at is null and c.id = k.primary_contact_id)
     union all select 'in no unit of the bin', t.id from (
         select id, bin_id from contact where tenant_id = $1 union all select id, bin_id from customer where tenant_id = $1
         union all select id, bin_id from record where tenant_id = $1 union all select id, bin_id from request where tenant_id = $1
       ) t where t.bin_id is not null and not exists (select from bin b where b.tenant_id = $1 and b.id = t.bin_id)
         and not exists (select from job where tenant_id = $1 and kind = 'erase')`,
    [tenant, restored],
  );
  return rows;
}
