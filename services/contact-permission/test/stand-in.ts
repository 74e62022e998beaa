import { Bus, BusStrategy, type Context, Handle, PassErrors, serviceContext, toHeaders } from '@kontor/bus';
import { type Change, type ContactEntry, contactsChanged, getEntries, type InputOf } from '@kontor/contracts';
import { aContactEntry, type NatsTestServer } from '@kontor/testing';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const known = new Set<string>();

@Controller()
class Customers {
  @Handle(getEntries)
  getEntries({ ids }: InputOf<typeof getEntries>) {
    return { contacts: ids.filter((id) => known.has(id)).map((id) => ({ ...anEntry(id), mayWrite: true })), customers: [] };
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
    /** There is such a contact from now on; nobody is told. */
    knows: (id: string) => known.add(id),
    forgets: (id: string) => known.delete(id),
    async tells(tenant: string, changes: Change[], lane: Context['lane'] = 'people') {
      const headers = toHeaders(serviceContext(tenant, { lane }));
      bus.connection.publish(Bus.subjectOf(contactsChanged, lane), JSON.stringify({ changes }), { headers });
      await bus.connection.flush();
    },
    async stop() {
      await app.close();
      await bus.connection.close();
    },
  };
}

export const anEntry = (id: string): ContactEntry => aContactEntry({ id, firstName: 'Anna', lastName: 'Schmidt' });
