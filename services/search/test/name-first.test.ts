// Inside each rank class: first who is found by the name, then by the company, then the rest; each of the three by name.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Hit, search } from '@kontor/contracts';
import { again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';
import { address, email, playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;
const agent = anAgent();
const { tenant } = agent;

const MANY = 30;
const many = (make: (n: string) => object) => Array.from({ length: MANY }, (_, i) => make(String(i).padStart(2, '0')));
// First names are in the wrong order on purpose: by name alone, those of a company would come first, and those with notes before them.
const people = [
  ...many((n) => ({ firstName: `Zoe${n}`, lastName: 'Klein' })),
  ...many((n) => ({ firstName: `Mia${n}`, lastName: 'Vogt', companyName: 'Klein Labs' })),
  ...many((n) => ({ firstName: `Ada${n}`, lastName: 'Stone', notes: 'knows Klein' })),
  { firstName: 'Zoe', middleName: 'Klein', lastName: 'Adler' },
  { firstName: 'Yann', lastName: 'Kleinert' },
  { firstName: 'Max', lastName: 'Braun', companyName: 'Kleinert KG' },
  { firstName: 'Bob', lastName: 'Hill', addresses: [address({ city: 'Kleinberg' })] },
  { firstName: 'Anna', lastName: 'Vogel', companyName: 'Booking.com', emails: [] },
  { firstName: 'Abel', lastName: 'Rabe', emails: [email('abel@booking.com')] },
];

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  await customer.adds(tenant, people as never);
  await customer.addsCustomers(tenant, [{ name: 'Klein Maschinenbau AG' }, { name: 'Booking.com' }]);
  await eventually(async () => expect((await find('')).total).toEqual({ value: people.length + 2, relation: 'exact' }), 30_000);
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

const find = (q: string, more: object = {}) => world.ask(again(agent), search, { q, limit: 200, ...more });
const groupOf = ({ kind, firstName, displayName }: Hit) => (kind === 'customer' ? displayName : (firstName ?? '').replace(/\d+$/, '*'));
/** The hits in a row, namesakes as one. */
const groups = (hits: readonly Hit[]) => hits.map(groupOf).filter((group, i, all) => i === 0 || group !== all[i - 1]);

async function pages(q: string, limit: number): Promise<Hit[]> {
  const hits: Hit[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await find(q, { limit, ...(cursor && { cursor }) });
    hits.push(...page.hits);
    cursor = page.nextCursor;
  }
  return hits;
}

describe.each<[string, string[]]>([
  ['klein', ['Klein Maschinenbau AG', 'Zoe', 'Zoe*', 'Mia*', 'Ada*', 'Yann', 'Max', 'Bob']],
  ['Kl?in', ['Klein Maschinenbau AG', 'Zoe', 'Zoe*', 'Mia*', 'Ada*']],
  ['klein*', ['Klein Maschinenbau AG', 'Yann', 'Zoe', 'Zoe*', 'Max', 'Mia*', 'Ada*', 'Bob']],
  ['"klein"', ['Klein Maschinenbau AG', 'Zoe', 'Zoe*', 'Mia*', 'Ada*']],
  ['kleyn~1', ['Klein Maschinenbau AG', 'Zoe', 'Zoe*', 'Mia*', 'Ada*']],
])('%s', (q, expected) => {
  test('names, companies, the rest', async () => expect(groups((await find(q)).hits)).toEqual(expected));
  test('page by page each once, with an exact total', async () => {
    const { hits, total } = await find(q);
    const ids = hits.map(({ id }) => id);
    expect(total).toEqual({ value: ids.length, relation: 'exact' });
    expect(new Set(ids).size).toBe(ids.length);
    for (const limit of [7, 50]) expect((await pages(q, limit)).map(({ id }) => id)).toEqual(ids);
  });
});

test.each<[string, string[]]>([
  // With several words the worst of them counts, and one that says where it is looked for says nothing of it.
  ['klein vogt', ['Mia*']],
  ['zoe klein', ['Zoe', 'Zoe*']],
  ['klein notes:knows', ['Ada*']],
  ['last:klein', ['Zoe*', 'Yann']],
  ['company:klein', ['Klein Maschinenbau AG', 'Mia*', 'Max']],
  // What may be an address as well counts as a name where it is one.
  ['Booking.com', ['Booking.com', 'Anna', 'Abel']],
])('%s', async (q, expected) => expect(groups((await find(q)).hits)).toEqual(expected));
