// What can mean two things is looked for as both: a dotted name is words or part of an address, digits are a number or words of a text.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { search } from '@kontor/contracts';
import { again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { untilMade, untilQuiet } from './index-status.js';
import { address, email, phone, playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;
const agent = anAgent();

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  await untilMade(world);
  await customer.addsCustomers(agent.tenant, [{ name: 'Booking.com' }, { name: 'Check24.de GmbH' }]);
  await customer.adds(agent.tenant, [
    { lastName: 'Knoten', notes: 'Knows Node.js, sent file.pdf on 24.12.2025' },
    { lastName: 'Gall', addresses: [address({ line1: 'Hauptstr. 5', postalCode: '9000', city: 'St. Gallen' })] },
    { firstName: 'Dr. Anna', lastName: 'Müller' },
    { lastName: 'Adresse', emails: [email('anna.mueller@node.js.example')] },
    { lastName: 'Punkt', phones: [phone('01.23.45.67.89', '+33123456789')] },
    { lastName: 'Strich', phones: [phone('0171-2345678', '+491712345678')] },
    { lastName: 'Amerika', phones: [phone('(212) 555-0100', '+12125550100')] },
    { emails: [email('nur@mail.example')] },
    { phones: [phone('0800 1')] },
    { employeeCode: 'E-1' },
    { lastName: 'Buero', addresses: [address({ line1: 'Gleis 12', postalCode: '10115' })] },
  ]);
  await untilQuiet(world, agent);
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

const ask = (q: string) => world.ask(again(agent), search, { q, limit: 50 });
const found = async (q: string) => (await ask(q)).hits.map(({ displayName }) => displayName.split(' ').at(-1)).toSorted();

test.each([
  ['Booking.com', ['Booking.com']],
  ['booking.co', ['Booking.com']],
  ['check24.de', ['GmbH']],
  ['node.js', ['Adresse', 'Knoten']],
  ['file.pdf', ['Knoten']],
  ['St.Gallen', ['Gall']],
  ['Dr.Müller', ['Müller']],
  ['Hauptstr.5', ['Gall']],
  ['anna.mueller', ['Adresse', 'Müller']],
  ['anna.mueller@', ['Adresse']],
  ['01.23.45.67.89', ['Punkt']],
  ['24.12.2025', ['Knoten']],
  ['212.555.0100', ['Amerika']],
  ['0171–2345678', ['Strich']],
  ['0171 — 2345678', ['Strich']],
  ['0171−234', ['Strich']],
  ['10115 12', ['Buero']],
  ['Müller -anna.mueller', []],
  ['anna -node.js', ['Müller']],
])('%s', async (q, names) => expect(await found(q)).toEqual(names));

test('a hit says by which of the two it was found', async () => {
  const why = async (q: string) =>
    (await ask(q)).hits.flatMap(({ matched }) => matched.map(({ field, highlighted }) => [field, highlighted]));
  expect(await why('booking.com')).toEqual([['name', '<em>Booking</em>.<em>com</em>']]);
  expect(await why('anna.mueller@n')).toEqual([['email', '<em>anna.mueller@n</em>ode.js.example']]);
  expect(await why('24.12.2025')).toEqual([['notes', 'Knows Node.js, sent file.pdf on <em>24</em>.<em>12</em>.<em>2025</em>']]);
});

test('* alone finds everybody, also who has no word', async () => {
  for (const q of ['*', '**', '* *']) expect((await ask(q)).total).toEqual({ value: 13, relation: 'exact' });
  expect((await ask('-*')).total).toEqual({ value: 0, relation: 'exact' });
  expect((await ask('last:*')).total).toEqual({ value: 8, relation: 'exact' });
});
