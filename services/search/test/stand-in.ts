import { Bus, BusStrategy, type Context, currentContext, Handle, PassErrors, serviceContext, toHeaders } from '@kontor/bus';
import {
  type ChangeKind,
  type ContactEntry,
  type CustomerEntry,
  contactsChanged,
  customersChanged,
  getEntries,
  getIndexEntries,
  type InputOf,
  listContactIds,
  listHiddenOpportunities,
  listTenants,
  listVersions,
} from '@kontor/contracts';
import { aContactEntry, aCustomerEntry, type NatsTestServer } from '@kontor/testing';
import { jetstream } from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/nats-core';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

export const contactOf = aContactEntry;
export const customerOf = aCustomerEntry;

export const email = (address: string) => ({ address, primary: false });
export const phone = (number: string, e164?: string) => ({ number, e164, kind: 'phone' as const, primary: false });
export const address = (given: object) => ({ primary: false, ...given });

type Entry = ({ kind: 'contact' } & ContactEntry) | ({ kind: 'customer' } & CustomerEntry);
type Lane = Context['lane'];

/** What the stand-in knows, by tenant and id, and what agents may not see. */
const known = new Map<string, Map<string, Entry>>();
const restricted = new Set<string>();
const ofTenant = (tenant: string) => {
  const entries = known.get(tenant) ?? new Map<string, Entry>();
  known.set(tenant, entries);
  return entries;
};
let refusesFor: (id: string) => void = () => {};

@Controller()
class Customers {
  @Handle(getIndexEntries)
  getIndexEntries(input: InputOf<typeof getIndexEntries>) {
    return this.getEntries(input);
  }

  @Handle(getEntries)
  getEntries({ ids }: InputOf<typeof getEntries>) {
    const { tenant, agent } = currentContext();
    const entries = ids.flatMap((id) => {
      refusesFor(id);
      const entry = ofTenant(tenant).get(id);
      return entry && !(agent && restricted.has(id)) ? [entry] : [];
    });
    return {
      contacts: entries.filter((entry) => entry.kind === 'contact').map((entry) => ({ ...entry, mayWrite: true })),
      customers: entries.filter((entry) => entry.kind === 'customer'),
    };
  }

  @Handle(listContactIds)
  listContactIds({ customerId, after = '', limit }: InputOf<typeof listContactIds>) {
    const ids = [...ofTenant(currentContext().tenant).values()].flatMap((entry) =>
      entry.kind === 'contact' && entry.customerId === customerId && entry.id > after ? [entry.id] : [],
    );
    return { ids: ids.toSorted().slice(0, limit) };
  }

  @Handle(listTenants)
  listTenants() {
    return { tenants: [...known.keys()] };
  }

  @Handle(listHiddenOpportunities)
  listHiddenOpportunities() {
    return { ids: [] };
  }

  @Handle(listVersions)
  listVersions({ kind, after = '', limit, count }: InputOf<typeof listVersions>) {
    const all = [...ofTenant(currentContext().tenant).values()].filter((entry) => entry.kind === kind);
    const items = all.filter(({ id }) => id > after).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return { items: items.slice(0, limit).map(({ id, version }) => ({ id, version })), ...(count && { total: all.length }) };
  }
}

@Module({ controllers: [Customers] })
class CustomerModule {}

export type StandIn = Awaited<ReturnType<typeof playCustomer>>;

/** Plays the customer service, so that a test decides what there is and when, how often and in which order is told of it. */
export async function playCustomer(nats: NatsTestServer) {
  const bus = await Bus.connect(nats.bus('customer'));
  const app = await NestFactory.createMicroservice(CustomerModule, { strategy: new BusStrategy(bus), logger: false });
  app.useGlobalFilters(new PassErrors());
  await app.listen();

  async function tells(tenant: string, kind: Entry['kind'], ids: readonly string[], change: ChangeKind = 'updated', lane: Lane = 'people') {
    const contract = kind === 'contact' ? contactsChanged : customersChanged;
    const headers = natsHeaders();
    for (const [key, value] of toHeaders(serviceContext(tenant, { lane }))) headers.set(key, value[0] ?? '');
    for (let from = 0; from < ids.length; from += 1_000) {
      const changes = ids.slice(from, from + 1_000).map((id) => ({ id, version: 1, change }));
      await jetstream(bus.connection).publish(Bus.subjectOf(contract, lane), JSON.stringify({ changes }), { headers });
    }
  }
  return {
    tells,
    /** From now on this is so; nobody is told. */
    knows(tenant: string, ...entries: Entry[]) {
      for (const entry of entries) ofTenant(tenant).set(entry.id, entry);
    },
    forgets: (tenant: string, id: string) => ofTenant(tenant).delete(id),
    hides: (id: string) => restricted.add(id),
    /** Called for every id that is asked for; may throw. */
    refuses: (check: (id: string) => void) => {
      refusesFor = check;
    },
    async adds(tenant: string, entries: readonly (Partial<ContactEntry> | ContactEntry)[], lane?: Lane): Promise<ContactEntry[]> {
      const contacts = entries.map(contactOf);
      for (const contact of contacts) ofTenant(tenant).set(contact.id, { kind: 'contact', ...contact });
      await tells(
        tenant,
        'contact',
        contacts.map(({ id }) => id),
        'created',
        lane,
      );
      return contacts;
    },
    async addsCustomers(tenant: string, entries: readonly (Partial<CustomerEntry> & { name: string })[]): Promise<CustomerEntry[]> {
      const customers = entries.map(customerOf);
      for (const customer of customers) ofTenant(tenant).set(customer.id, { kind: 'customer', ...customer });
      await tells(
        tenant,
        'customer',
        customers.map(({ id }) => id),
        'created',
      );
      return customers;
    },
    async stop() {
      await app.close();
      await bus.connection.close();
    },
  };
}
