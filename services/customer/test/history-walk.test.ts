import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, sized, startWorld, type World } from '@kontor/testing';
import pg from 'pg';
import { service } from '../src/index.js';
import { snake } from '../src/sql/rows.js';
import { contactColumns } from '../src/tables/contact.table.js';
import { customerColumns } from '../src/tables/customer.table.js';

let world: World;
let sql: pg.Client;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  sql = new pg.Client(world.databases.customer?.migrationUrl);
  await sql.connect();
});
afterAll(async () => {
  await sql.end();
  await world.stop();
});

type State = Record<string, unknown>;
type Entry = { id: string; version: number; noun: 'contact' | 'customer'; live: boolean; binned: boolean; state: State };

const columnsOf = { contact: contactColumns, customer: customerColumns };

/** All entries, in the bin or not, as they are stored. */
async function entries(tenant: string): Promise<Entry[]> {
  const all: Entry[] = [];
  for (const noun of ['customer', 'contact'] as const) {
    const state = Object.entries(columnsOf[noun]).map(([name, type]) => `'${name}', ${snake(name)}${type === 'date' ? '::text' : ''}`);
    const { rows } = await sql.query(
      `select id, version, '${noun}' as noun, deleted_at is null as live, bin_id is not null as binned, jsonb_build_object(${state}) as state
       from ${noun} where tenant_id = $1 order by id`,
      [tenant],
    );
    all.push(...rows.map((row) => ({ ...row, state: { ...row.state, access: row.state.access ?? open } })));
  }
  return all;
}
const open = { restricted: false, agents: [], teams: [] };

/** A deterministic random number generator. */
function dice(seed: number): (size: number) => number {
  let state = seed;
  return (size) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * size);
  };
}

/** One step of a walk: a random operation on random entries. */
async function step(agent: Context, throwDice: (size: number) => number): Promise<unknown> {
  const all = await entries(agent.tenant);
  const one = <T>(list: readonly T[]): T | undefined => list[throwDice(list.length)];
  const contacts = all.filter(({ noun, live }) => noun === 'contact' && live);
  const customers = all.filter(({ noun, live }) => noun === 'customer' && live);
  const [contact, other, customer, second] = [one(contacts), one(contacts), one(customers), one(customers)];
  const word = `w${throwDice(9)}`;
  const emails = [0, 1].slice(throwDice(2)).map((n) => ({ address: `${word}${n}@x.example`, label: one(['a', 'b']) }));
  const ask: World['ask'] = (who, contract, input) => world.ask(again(who), contract, input);
  const steps: (() => Promise<unknown> | undefined)[] = [
    () => ask(agent, k.createContact, { lastName: word, emails, tags: [word], customerId: customer?.id ?? null }),
    () => ask(agent, k.createCustomer, aCustomer({ parentId: customer?.id, contacts: [aContact({ emails })], domains: ['x.example'] })),
    () =>
      contact &&
      ask(agent, k.changeContact, { id: contact.id, change: { jobTitle: word, emails, access: { restricted: throwDice(2) > 0 } } }),
    () => contact && ask(agent, k.moveContact, { id: contact.id, customerId: one([customer?.id ?? null, null]) ?? null }),
    () => customer && ask(agent, k.changeCustomer, { id: customer.id, change: { notes: word, parentId: second?.id ?? null } }),
    () => customer && contact && ask(agent, k.changeCustomer, { id: customer.id, change: { primaryContactId: contact.id } }),
    () => contact && ask(agent, k.deleteContact, { id: contact.id }),
    () => (customer && throwDice(2) > 0 ? ask(agent, k.deleteCustomer, { id: customer.id }) : undefined),
    async () => {
      const unit = one((await ask(agent, k.listBin, {})).items);
      if (!unit) return;
      const { items } = await ask(agent, k.listBinnedThings, { id: unit.id });
      const thing = one(items);
      const things = thing && throwDice(2) > 0 ? [{ kind: thing.kind, id: thing.id }] : undefined;
      return ask(agent, k.restoreFromBin, { id: unit.id, ...(things && { things }) });
    },
    () => contact && other && ask(agent, k.mergeContacts, { into: contact.id, from: [other.id] }),
    () => customer && second && ask(agent, k.mergeCustomers, { into: customer.id, from: [second.id] }),
    async () => {
      const { items } = contact ? await ask(agent, k.listMerges, { contactId: contact.id }) : { items: [] };
      const more = customer ? await ask(agent, k.listMerges, { customerId: customer.id }) : { items: [] };
      const merge = one([...items, ...more.items]);
      return merge && ask(agent, k.undoMerge, { id: merge.id });
    },
    () =>
      ask(agent, k.upsertContacts, {
        match: 'email',
        items: [
          { emails, companyName: word },
          { emails, jobTitle: word },
        ],
      }),
    () =>
      ask(agent, k.importContacts, {
        importId: randomUUID(),
        number: 0,
        onKnown: one(['update', 'create'] as const) ?? 'update',
        rows: [
          { emails: [`${word}0@x.example`], lastName: word, customerId: customer?.id, externalId: word },
          { id: contact?.id, notes: word },
        ],
      }),
    () =>
      ask(agent, k.changeContacts, {
        ids: contacts.slice(0, 3).map(({ id }) => id),
        change: { addTags: [word], customerId: customer?.id },
      }),
    () => ask(agent, k.changeCustomers, { ids: customers.slice(0, 2).map(({ id }) => id), change: { type: one(['cold', 'hot']) } }),
    () => ask(agent, k.renameTags, { from: [word], to: `w${throwDice(9)}` }),
    () => contact && ask(agent, k.setPhoto, { kind: 'contact', id: contact.id, image: png, mediaType: 'image/png' }),
    () => contact && ask(agent, k.deletePhoto, { kind: 'contact', id: contact.id }),
  ];
  return steps[throwDice(steps.length)]?.();
}
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

/** The errors that an operation may end with. */
const refusals = ['conflict', 'not-found', 'email-taken', 'invalid'];

describe('2.13 the history', () => {
  it.each(sized([1], [1, 2, 3]))(
    '2.13 explains each version of a random walk through all changing operations (walk %i)',
    async (seed) => {
      const agent = anAgent();
      await world.ask(agent, k.seeAgent, {});
      const throwDice = dice(seed);
      const seen = new Map<string, { state: State; after: number; noun: string }>();
      let done = 0;
      for (let n = 0; n < sized(50, 120); n++) {
        const refused = await step(agent, throwDice).then(
          () => undefined,
          (error: { code?: string }) => error,
        );
        if (refused && !refusals.includes(refused.code ?? '')) throw refused;
        if (!refused) done++;
        for (const { id, version, state, noun } of await entries(agent.tenant))
          if (!seen.has(`${id} ${version}`)) seen.set(`${id} ${version}`, { state, after: n, noun });
      }
      expect(done).toBeGreaterThan(sized(15, 60));

      const wrong: object[] = [];
      for (const { id, noun, version, state } of await entries(agent.tenant)) {
        const { rows } = await sql.query('select version, change, door, fields from history where entry_id = $1 order by version desc', [
          id,
        ]);
        if (rows[0]?.version !== version) wrong.push({ noun, id, version, newest: rows[0] });
        const present = { ...state };
        for (const { version: at, change, fields } of rows as {
          version: number;
          change: string;
          fields: Record<string, [unknown, unknown]> | null;
        }[]) {
          const known = seen.get(`${id} ${at}`);
          for (const [name, is] of Object.entries(known?.state ?? {}))
            if (!same(present[name], is)) wrong.push({ noun, id, at, change, after: known?.after, name, is, says: present[name] });
          for (const [name, [from, to]] of Object.entries(fields ?? {})) {
            if (!(name in columnsOf[noun])) continue;
            if (!same(present[name], to)) wrong.push({ noun, id, at, change, name, is: present[name], to });
            present[name] = from;
          }
        }
      }
      expect(wrong.slice(0, 5)).toEqual([]);
    },
    120_000,
  );
});

const sorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, one]) => [name, sorted(one)]),
        )
      : (value ?? null);
const same = (a: unknown, b: unknown) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
