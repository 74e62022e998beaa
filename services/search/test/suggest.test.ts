import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { search, suggest } from '@kontor/contracts';
import { anAgent, eventually, startWorld, type World } from '@kontor/testing';
import type { z } from 'zod';
import { service } from '../src/index.js';
import { playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;
const agent = anAgent();
const { tenant } = agent;

const ask = async (q: string, more: Partial<z.input<typeof suggest.input>> = {}, as = agent) =>
  (await world.ask(as, suggest, { q, ...more })).suggestions;
const texts = async (q: string, more = {}) => (await ask(q, more)).map(({ text }) => text);

const people = [
  ['Anna', 'Müller', 'Obst Krüger GmbH'],
  ['Annette', 'Muster', 'Obst Krüger GmbH'],
  ['Hanna', 'Mueller', null],
  ['Anna', 'Zöllner', 'Zeit AG'],
  ['伟', '王', null],
  ["Sean O'Brien", 'Smith', null],
] as const;

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  const [firm] = await customer.addsCustomers(tenant, [{ name: 'Müllers Mühle & Co' }]);
  await customer.adds(tenant, [
    ...people.map(([firstName, lastName, companyName]) => ({ firstName, lastName, companyName })),
    { firstName: 'Karl', lastName: 'Kohl', customerId: firm!.id, customerName: firm!.name },
  ]);
  await eventually(async () => expect((await world.ask(agent, search, {})).total).toEqual({ value: 8, relation: 'exact' }), 30_000);
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

describe('names as one types', () => {
  test.each([
    ['a', ['Anna Müller', 'Anna Zöllner', 'Annette Muster']],
    ['ann', ['Anna Müller', 'Anna Zöllner', 'Annette Muster']],
    ['anna', ['Anna Müller', 'Anna Zöllner']],
    ['anna mü', ['Anna Müller']],
    ['mu anna', ['Anna Müller']],
    ['MUELLER', ['Anna Müller', 'Hanna Mueller', 'Müllers Mühle & Co']],
    ['müller', ['Anna Müller', 'Hanna Mueller', 'Müllers Mühle & Co']],
    ['王', ['伟 王']],
    ["o'br", ["Sean O'Brien Smith"]],
    ['obr', ["Sean O'Brien Smith"]],
    ['brien sm', ["Sean O'Brien Smith"]],
    ['nichtda', []],
    ['müller nichtda', []],
    ['*', []],
    ['-"', []],
    ['%', []],
    ['_nna', []],
  ])('%s', async (q, expected) => expect(await texts(q)).toEqual(expected));

  test('a company is suggested once, however many work there, and links to the customer where it is one', async () => {
    expect(await ask('krü')).toEqual([
      { kind: 'company', id: null, text: 'Obst Krüger GmbH', highlighted: 'Obst <em>Krü</em>ger GmbH', detail: null },
    ]);
    const [mill, ...others] = await ask('mühle');
    expect(mill).toMatchObject({ kind: 'customer', highlighted: 'Müllers <em>Mühle</em> &#38; Co' });
    expect(others).toEqual([]);
  });

  test('says which part was typed, and where somebody works', async () => {
    expect(await ask('anna mül')).toEqual([
      {
        kind: 'contact',
        id: expect.any(String),
        text: 'Anna Müller',
        highlighted: '<em>Anna</em> <em>Mül</em>ler',
        detail: 'Obst Krüger GmbH',
      },
    ]);
  });

  test('as many as asked for, of the kind asked for', async () => {
    expect(await texts('a', { limit: 2 })).toHaveLength(2);
    expect(await texts('mül', { kind: 'customer' })).toEqual(['Müllers Mühle & Co']);
  });
});

test('other tenants, what is in the bin and what is hidden give no suggestions', async () => {
  expect(await ask('anna', {}, anAgent())).toEqual([]);
  const [gone, hidden] = await customer.adds(tenant, [
    { firstName: 'Qwerin', lastName: 'Gone' },
    { firstName: 'Qwerin', lastName: 'Hidden', readers: ['00000000-0000-4000-8000-000000000001'] },
  ]);
  const admin = anAgent({ tenant, roles: ['admin'] });
  await eventually(async () => expect(await ask('qwerin', {}, admin)).toHaveLength(2));
  const stranger = anAgent({ tenant, roles: ['agent'] });
  expect((await ask('qwerin', {}, stranger)).map(({ id }) => id)).toEqual([gone!.id]);
  customer.forgets(tenant, gone!.id);
  await customer.tells(tenant, 'contact', [gone!.id], 'binned');
  await eventually(async () => expect((await ask('qwerin', {}, admin)).map(({ id }) => id)).toEqual([hidden!.id]));
  expect(await ask('qwerin', {}, stranger)).toEqual([]);
});

test.each(['a\u0000b', '\ud800', ''])('%j is refused, never an accident', async (q) =>
  expect(ask(q)).rejects.toMatchObject({ code: 'invalid' }),
);
