import { randomUUID } from 'node:crypto';
import { Bus, type Context, runAs, serviceContext } from '@kontor/bus';
import { event } from '@kontor/contracts';
import type { NatsTestServer } from '@kontor/testing';
import type { EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { z } from 'zod';
import { type Database, emit, protect } from '../src/index.js';

// A small service's worth of tables and events, as the tests of this library need them.

export class Orders implements MigrationInterface {
  readonly name = 'Orders1760000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table item (
        tenant_id uuid not null default (current_setting('kontor.tenant')::uuid),
        id uuid not null,
        name text not null,
        primary key (tenant_id, id)
      );
      ${protect('item')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table item');
  }
}

/** Goes out as an event of the customer service, whose NATS user the tests borrow. */
export const itemChanged = event('events.customer.changed.v1', z.object({ number: z.int() }), { summary: 'For tests' });

export const aTenant = () => randomUUID();

export const inTenant = <T>(db: Database, tenant: string, work: (tx: EntityManager) => Promise<T>, more: Partial<Context> = {}) =>
  runAs(serviceContext(tenant, more), () => db.transaction(work));

export const addItem = async (tx: EntityManager, name: string): Promise<string> => {
  const id = randomUUID();
  await tx.query('insert into item (id, name) values ($1, $2)', [id, name]);
  return id;
};

export const emitNumber = (tx: EntityManager, number: number) => emit(tx, itemChanged, { number });

export async function connectBus(nats: NatsTestServer, name: string): Promise<Bus> {
  return Bus.connect(nats.bus(name));
}
