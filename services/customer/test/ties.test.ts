// Every list in every sort has one order: where many are equal in what is sorted by, pages of two have each of them exactly once, and again in the same order.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { again, anAgent } from '@kontor/testing';
import { z } from 'zod';
import { newId } from '../src/sql/new-id.js';
import { begin, contact, customer, end, merge, sql, world } from './merging.js';
import { insertOld } from './old-rows.js';

beforeAll(begin);
afterAll(end);

const MANY = 7;
const times = <T>(make: (i: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: MANY }, (_, i) => make(i)));

type Input = Record<string, unknown>;
interface Listing {
  contract: k.RequestContract;
  /** Makes what is listed, equal in all that can be sorted by, and gives what else is asked with. */
  make(agent: Context): Promise<unknown>;
  count?: number;
}

const equal = (agent: Context, table: string, columns = 'updated_at') =>
  sql(agent, `update ${table} set ${columns.split(' ').map((column) => `${column} = '2026-01-01'`)}`);

async function contacts(agent: Context, more: object = {}): Promise<string[]> {
  const made = await times(() => contact(agent, { firstName: 'Ada', lastName: 'Stone', ...more }));
  await equal(agent, 'contact');
  return made.map(({ id }) => id);
}
async function records(agent: Context, kind: k.RecordKind = 'task'): Promise<string[]> {
  const items = Array.from({ length: MANY }, (_, i) => ({ source: 's', externalId: String(i), kind, title: 'Same' }));
  const answer = await world.ask(again(agent), k.upsertRecords, { items });
  await equal(agent, 'record');
  return answer.items.map(({ id }) => id ?? '');
}
async function requests(agent: Context): Promise<Input> {
  await times(() => world.ask(again(agent), k.createRequest, { caller: { lastName: 'Stone' } }));
  await equal(agent, 'request');
  return {};
}
async function history(agent: Context, noun: 'contact' | 'customer'): Promise<Input> {
  const { id } = noun === 'contact' ? await contact(agent) : await customer(agent);
  for (let i = 1; i < MANY; i++)
    await (noun === 'contact'
      ? world.ask(again(agent), k.changeContact, { id, change: { notes: String(i) } })
      : world.ask(again(agent), k.changeCustomer, { id, change: { notes: String(i) } }));
  await equal(agent, 'history', 'at');
  return { id };
}
async function bin(agent: Context): Promise<Input> {
  for (const id of await contacts(agent)) await world.ask(again(agent), k.deleteContact, { id });
  await equal(agent, 'bin', 'deleted_at');
  return {};
}

const listings: Listing[] = [
  { contract: k.listContacts, make: (agent) => contacts(agent).then(() => ({})) },
  {
    contract: k.listCustomers,
    async make(agent) {
      await times(() => customer(agent, { name: 'Same' }));
      await equal(agent, 'customer');
      return {};
    },
  },
  {
    contract: k.listCustomerContacts,
    async make(agent) {
      const { id } = await customer(agent);
      await contacts(agent, { customerId: id });
      return { id };
    },
  },
  { contract: k.listRecords, make: (agent) => records(agent).then(() => ({})) },
  { contract: k.listRequests, make: requests },
  {
    contract: k.listProjectMembers,
    async make(agent) {
      const [id = ''] = await records(agent, 'project');
      for (const contactId of await contacts(agent)) await world.ask(again(agent), k.addProjectMember, { id, contactId });
      return { id };
    },
  },
  {
    contract: k.listRecordComments,
    async make(agent) {
      const [id = ''] = await records(agent);
      await times(() => world.ask(again(agent), k.createRecordComment, { id, text: 'Same' }));
      await equal(agent, 'record_comment', 'created_at');
      return { id };
    },
  },
  { contract: k.getContactHistory, make: (agent) => history(agent, 'contact') },
  { contract: k.getCustomerHistory, make: (agent) => history(agent, 'customer') },
  { contract: k.listBin, make: bin },
  {
    contract: k.listBinnedThings,
    count: MANY + 1,
    async make(agent) {
      const { id } = await customer(agent);
      await contacts(agent, { customerId: id });
      await world.ask(again(agent), k.deleteCustomer, { id });
      return { id: (await world.ask(again(agent), k.listBin, {})).items[0]?.id };
    },
  },
  {
    contract: k.listDuplicates,
    async make(agent) {
      // Rows of which nothing is told, so that the detector has no say.
      const ids = [await insertOld(agent, { firstName: 'Ada' }), ...(await times(() => insertOld(agent, { firstName: 'Ada' })))].sort();
      for (const b of ids.slice(1))
        await sql(agent, `insert into duplicate_pair (id, a, b, score, reasons) values ($1, $2, $3, 0.1::double precision + 0.5, '[]')`, [
          newId(),
          ids[0],
          b,
        ]);
      return {};
    },
  },
  {
    contract: k.listMerges,
    async make(agent) {
      const into = await contact(agent);
      for (const id of await contacts(agent)) await merge(agent, into, [{ id }]);
      await equal(agent, 'merge', 'at');
      return { contactId: into.id };
    },
  },
  {
    contract: k.listErasures,
    async make(agent) {
      await times(() => sql(agent, `insert into erasure (id, kind, counts) values ($1, 'contact', '{}')`, [newId()]));
      await equal(agent, 'erasure', 'erased_at');
      return {};
    },
  },
  {
    contract: k.listJobItems,
    async make(agent) {
      const id = newId();
      const items = Array.from({ length: MANY }, (_, index) => ({ index, status: 200 }));
      await sql(
        agent,
        `insert into job (tenant_id, id, kind, state, context, input, total, done, result)
         values (current_setting('kontor.tenant')::uuid, $1, 'change-contacts', 'finished', $2, '{}', $3, $3, $4)`,
        [id, JSON.stringify({ agent: agent.agent, roles: agent.roles }), MANY, JSON.stringify({ items })],
      );
      return { id };
    },
  },
  {
    contract: k.listAgents,
    async make(agent) {
      await times(() => world.ask(again(agent, { agent: { id: newId(), name: 'Same' } }), k.seeAgent, {}));
      return {};
    },
  },
  { contract: k.listTeams, make: (agent) => world.ask(again(agent, { teams: 'abcdefg'.split('') }), k.seeAgent, {}) },
  { contract: k.listTags, make: (agent) => contact(agent, { tags: 'abcdefg'.split('') }).then(() => ({})) },
];

const shapeOf = (schema: z.ZodType): Record<string, z.ZodType> => (schema instanceof z.ZodObject ? schema.shape : {});

it('this table has a row for every list', () => {
  const all = Object.values<unknown>(k).filter((one): one is k.RequestContract => Object(one).kind === 'request');
  const pages = all.filter(({ output, subject }) => subject.startsWith('customer.') && Object.hasOwn(shapeOf(output), 'nextCursor'));
  // The exports read the pages of these lists.
  const exports = [k.exportContacts.subject, k.exportCustomers.subject];
  expect([...listings.map(({ contract }) => contract.subject), ...exports].sort()).toEqual(pages.map(({ subject }) => subject).sort());
});

const rows = listings.flatMap((listing) => {
  const { sort } = shapeOf(listing.contract.input);
  const sorts = sort instanceof z.ZodDefault ? (sort.unwrap() as z.ZodEnum).options : [undefined];
  return sorts.map((one) => ({ ...listing, name: listing.contract.subject, sort: one }));
});

it.each(rows)('$name by $sort', async ({ contract, make, sort, count = MANY }) => {
  const agent = anAgent();
  const asked = { ...((await make(agent)) as Input), ...(sort !== undefined && { sort }) };
  const read = async (limit: number): Promise<unknown[]> => {
    const items: unknown[] = [];
    let cursor: string | null | undefined;
    do {
      const page = (await world.ask(again(agent), contract, { ...asked, limit, ...(cursor && { cursor }) })) as Input & {
        nextCursor: string | null;
      };
      items.push(...(page.items as unknown[]));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  };
  const all = await read(200);
  expect(all).toHaveLength(count);
  expect(new Set(all.map((item) => JSON.stringify(item))).size).toBe(count);
  for (const limit of [2, 2, 3]) expect(await read(limit)).toEqual(all);
});
