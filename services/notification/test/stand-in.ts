import { AppError, Bus, BusStrategy, Handle, PassErrors, serviceContext, toHeaders } from '@kontor/bus';
import {
  type Change,
  type ContactEntry,
  contactsChanged,
  getCustomerContacts,
  getEntries,
  type InputOf,
  type Summary,
} from '@kontor/contracts';
import { aContactEntry, type NatsTestServer } from '@kontor/testing';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** The contacts of each customer. */
const known = new Map<string, Summary[]>();

@Controller()
class Customers {
  @Handle(getEntries)
  getEntries({ ids }: InputOf<typeof getEntries>) {
    const contacts = [...known.values()].flat().filter(({ id }) => ids.includes(id));
    return { contacts: contacts.map((contact) => ({ ...asEntry(contact), mayWrite: true })), customers: [] };
  }

  @Handle(getCustomerContacts)
  getCustomerContacts({ customerId }: InputOf<typeof getCustomerContacts>) {
    const contacts = known.get(customerId);
    if (!contacts) throw new AppError('not-found', 'There is no customer with this id');
    return { contacts };
  }
}

@Module({ controllers: [Customers] })
class CustomerModule {}

/**
 * Plays the customer service, so that a test decides which contacts there are and when, how often and in which order is told of them.
 */
export async function playCustomer(nats: NatsTestServer) {
  const bus = await Bus.connect(nats.bus('customer'));
  const app = await NestFactory.createMicroservice(CustomerModule, { strategy: new BusStrategy(bus), logger: false });
  app.useGlobalFilters(new PassErrors());
  await app.listen();
  return {
    /** There is such a customer from now on; nobody is told. */
    knows: (customerId: string, contacts: Summary[]) => known.set(customerId, contacts),
    forgets: (customerId: string) => known.delete(customerId),
    async tells(tenant: string, changes: Change[]) {
      const headers = toHeaders(serviceContext(tenant));
      bus.connection.publish(Bus.subjectOf(contactsChanged, 'people'), JSON.stringify({ changes }), { headers });
      await bus.connection.flush();
    },
    async stop() {
      await app.close();
      await bus.connection.close();
    },
  };
}

export const asEntry = ({ id, displayName, firstName, lastName, updatedAt }: Summary): ContactEntry =>
  aContactEntry({ id, displayName, firstName, lastName, createdAt: updatedAt, updatedAt });
