import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ContactEntry, getSearchStatus, type SearchAnswer, search } from '@kontor/contracts';
import { again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import type { z } from 'zod';
import { service } from '../src/index.js';
import { address, contactOf, email, phone, playCustomer, type StandIn } from './stand-in.js';

type Query = z.input<typeof search.input>;

let world: World;
let customer: StandIn;
let contacts: ContactEntry[];
const agent = anAgent();
const { tenant } = agent;
const firmId = randomUUID();
const projectId = randomUUID();

const people: Partial<ContactEntry>[] = [
  {
    firstName: 'Anna',
    lastName: 'Müller',
    phones: [phone('030 1234567', '+49301234567')],
    tags: ['vip'],
    type: 'hot',
    employeeCode: 'E-4711',
  },
  {
    firstName: 'Berta',
    lastName: 'Mueller',
    phones: [phone('030 7654321', '+49307654321')],
    tags: ['vip', 'messe'],
    projectIds: [projectId],
  },
  { firstName: 'Carl', lastName: 'Meier', phones: [phone('0171 1234999')], customerId: firmId, customerName: 'Firma AG' },
  { firstName: 'Dora', lastName: 'Maier', employeeCode: 'E-4712', readers: [randomUUID()], hasOpportunities: true },
  {
    firstName: 'Emil',
    lastName: 'Groß',
    addresses: [address({ line1: 'Weg 1234', city: 'Berlin' })],
    createdAt: '2025-05-05T00:00:00.000Z',
  },
  { firstName: 'Fritz', lastName: 'Obermüller', notes: 'Kennt Anna Müller', customFields: { hobby: 'Angeln' } },
];

const find = (query: Query, as = agent) => world.ask(again(as), search, query);
const names = (answer: SearchAnswer) => answer.hits.map(({ displayName }) => displayName);

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true, env: { search: { KONTOR_SEARCH_SETTLE_MS: '0' } } });
  customer = await playCustomer(world.nats);
  const emails = (name = '') => [email(`${name.toLowerCase()}@firma.example`)];
  contacts = await customer.adds(
    tenant,
    people.map((one, i) => ({
      createdAt: `2026-01-0${i + 1}T00:00:00.000Z`,
      ...one,
      emails: emails(one.firstName ?? ''),
    })) as ContactEntry[],
  );
  await customer.addsCustomers(tenant, [
    { id: firmId, name: 'Firma AG', emails: [email('post@firma.example')], phones: [phone('030 1234000')] },
  ]);
  await settled(7);
}, 60_000);
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

const settled = (entries: number, as = agent) =>
  eventually(async () => {
    const status = await world.ask(again(as), getSearchStatus, {});
    expect(status).toMatchObject({ state: 'ready', entries, fresh: 0, lag: { people: { waiting: 0 }, bulk: { waiting: 0 } } });
  }, 60_000);

const words = ['müller', 'mul', 'obermüllr', 'm?ller', '*er', 'Meier~', '"anna müller"', '-"anna müller"', '-berta', 'nichtda'];
const excluding = ['-"anna müller"', '-berta', '-notes:anna', '-phone:030', '-email:firma'];
const fields = [
  'last:müller',
  'name:"anna müller"',
  'notes:anna',
  '-notes:anna',
  'tag:vip',
  'hobby:angeln',
  'city:berlin',
  'company:firma',
  'type:hot',
];
const identifiers = [
  'firma.example',
  '*@firma.example',
  'b*@firma.exampl?',
  'email:firma',
  'anna@',
  'phone:1234',
  'phone:4567',
  'code:471',
  'code:e4712',
];
const alone = ['030 1234567', '+49(0)30/1234567', '7654', 'email:niemand phone:030', ...identifiers];
const combined = [...words, ...fields, ...identifiers, '-phone:030', '-code:4711', '030'].map((clause) => `email:firma ${clause}`);
const filters: Query[] = [
  { kind: 'customer' },
  { type: 'hot' },
  { tag: ['vip', 'messe'] },
  { customerId: firmId },
  { projectId },
  { hasOpportunities: 'true' },
  { hasOpportunities: 'false' },
  { access: 'restricted' },
  { access: 'open' },
  { createdTo: '2025-12-31' },
  { updatedFrom: '2026-01-01', updatedTo: '2026-12-31' },
  { sort: 'name' },
  { sort: '-createdAt', q: 'email:firma -carl' },
];
const answerable: Query[] = [
  ...[...alone, ...combined].map((q) => ({ q })),
  ...filters.flatMap((filter) => ['email:firma', 'email:firma müller'].map((q) => ({ q, ...filter }))),
].filter((_, i) => sized(i % 5 === 0, true));

/** Everything of an answer, page by page, but what it took and where it came from. */
async function whole(query: Query): Promise<{ told: object; degraded: boolean; relation: string }> {
  const pages: object[] = [];
  let all = { degraded: true, relation: 'exact' };
  for (let cursor: string | undefined; ; ) {
    const {
      tookMs: _,
      degraded = false,
      nextCursor,
      total,
      ...page
    } = await find({ ...query, facets: 'type,tag,kind,city', limit: 2, cursor });
    pages.push({ ...page, total: total.value });
    all = { degraded: all.degraded && degraded, relation: total.relation };
    if (nextCursor === null) return { told: pages, ...all };
    cursor = nextCursor;
  }
}

describe('while Meilisearch is away', () => {
  const before = new Map<Query, object>();
  beforeAll(async () => {
    for (const query of answerable) {
      const { told, degraded } = await whole(query);
      expect(degraded).toBe(false);
      before.set(query, told);
    }
  }, 60_000);

  test('parts of phones, e-mails and codes are answered as before, with whatever else is asked of them, and marked', async () => {
    await world.meili.kill();
    for (const query of answerable) {
      const { told, degraded, relation } = await whole(query);
      expect({ query, told }).toEqual({ query, told: before.get(query) });
      // What nobody has is known without the index.
      const nothing = /nichtda|niemand/.test(query.q ?? '');
      // A house number, and words joined by a dot, are known to Meilisearch only.
      const certain = /[@:]/.test(query.q ?? '');
      expect({ query, degraded, relation }).toEqual({ query, degraded: !nothing, relation: certain ? 'exact' : 'at_least' });
    }
    await world.meili.restart();
    await settled(7);
  }, 120_000);

  test('words are looked for in names and companies', async () => {
    const rows: [q: string, names: string[], relation: string][] = [
      ['müller', ['Anna Müller', 'Berta Mueller', 'Fritz Obermüller'], 'at_least'],
      ['m?ller', ['Anna Müller'], 'at_least'],
      ['*müller', ['Anna Müller', 'Berta Mueller', 'Fritz Obermüller'], 'at_least'],
      ['Meier~', ['Carl Meier', 'Dora Maier'], 'at_least'],
      ['"anna müller"', ['Anna Müller'], 'at_least'],
      ['last:mul', ['Anna Müller', 'Fritz Obermüller'], 'exact'],
      ['name:"anna müller" -phone:0555', ['Anna Müller'], 'exact'],
      ['firma carl', ['Carl Meier'], 'at_least'],
      ['last:müller 4567', ['Anna Müller'], 'exact'],
    ];
    await settled(7);
    await world.meili.kill();
    const answers = await Promise.all(rows.map(([q]) => find({ q })));
    const agents = await find({ q: 'last:maier' }, anAgent({ tenant, roles: ['agent'] }));
    await world.meili.restart();
    expect(answers.map((one, i) => [rows[i]![0], names(one), one.total.relation])).toEqual(rows);
    expect(answers.every(({ degraded }) => degraded)).toBe(true);
    // Without Dora Maier, whom this agent may not see.
    expect([names(agents), agents.total.value]).toEqual([['Carl Meier'], 1]);
    await settled(7);
  }, 60_000);

  test('everything else is refused, with when to ask again', async () => {
    await world.meili.kill();
    const others = ['', '*', 'notes:anna', 'tag:vip', 'hobby:angeln', 'city:berlin', 'type:hot', ...excluding];
    for (const q of others) {
      const refused = await find({ q }).catch((error: unknown) => error);
      expect({ q, refused }).toMatchObject({ q, refused: { code: 'unavailable', details: { retryAfter: 2 } } });
    }
    for (const filter of filters.slice(0, 3))
      await expect(find({ ...filter, q: 'notes:anna' })).rejects.toMatchObject({ code: 'unavailable' });
    await world.meili.restart();
  });

  test('it is away, too, when it hangs', async () => {
    await settled(7);
    await world.meili.pause();
    const { degraded, total } = await find({ q: 'email:firma' });
    expect({ degraded, total }).toEqual({ degraded: true, total: { value: 7, relation: 'exact' } });
    await expect(find({ q: 'tag:vip' })).rejects.toMatchObject({ code: 'unavailable', details: { retryAfter: 2 } });
    await world.meili.resume();
  }, 60_000);

  test('a reader continues across the switch to it and back', async () => {
    const query = { q: 'email:firma', sort: 'name' as const, limit: 2 };
    await settled(7);
    const all = names(await find({ ...query, limit: 200 }));
    const first = await find(query);
    await world.meili.kill();
    const second = await find({ ...query, cursor: first.nextCursor ?? '' });
    expect(second.degraded).toBe(true);
    await world.meili.restart();
    await settled(7);
    const third = await find({ ...query, cursor: second.nextCursor ?? '' });
    expect([first, second, third].flatMap(names)).toEqual(all.slice(0, 6));
  }, 60_000);

  test('what people change is found at once in what is answered, and in everything when Meilisearch is back', async () => {
    await world.meili.kill();
    const [anna, berta, carl] = contacts as [ContactEntry, ContactEntry, ContactEntry];
    const changed = { ...anna, firstName: 'Hanna', displayName: 'Hanna Müller', phones: [phone('0555 222333')], version: 2 };
    customer.knows(tenant, { kind: 'contact', ...changed });
    customer.forgets(tenant, berta.id);
    await customer.tells(tenant, 'contact', [anna.id]);
    await customer.tells(tenant, 'contact', [berta.id], 'binned');
    const [, late] = await customer.adds(tenant, [
      { firstName: 'Gerd', lastName: 'Neumüller', emails: [email('gerd@firma.example')], phones: [phone('0555 444')] },
      { firstName: 'Hugo', lastName: 'Spätling', emails: [email('hugo@firma.example')] },
    ]);
    const seen = [`contact:${late!.id}:1`, `contact:${anna.id}:2`] as never;
    expect(names(await find({ q: 'hugo@', seen }))).toEqual(['Hugo Spätling']);
    const now = async () => [
      names(await find({ q: '0555222333' })),
      names(await find({ q: '0555', sort: 'name' })),
      (await find({ q: 'phone:301234567' })).total.value,
      names(await find({ q: 'email:firma first:hanna' })),
      names(await find({ q: 'email:firma müller' })),
      names(await find({ q: `email:firma ${carl.lastName} kind`, kind: 'contact' })),
    ];
    const expected = [
      ['Hanna Müller'],
      ['Gerd Neumüller', 'Hanna Müller'],
      0,
      ['Hanna Müller'],
      ['Fritz Obermüller', 'Gerd Neumüller', 'Hanna Müller'],
      [],
    ];
    await eventually(async () => expect(await now()).toEqual(expected));
    await world.meili.restart();
    await settled(8);
    expect(await now()).toEqual(expected);
    expect(names(await find({ q: 'spätl*' }))).toEqual(['Hugo Spätling']);
    expect((await find({ q: 'berta' })).total.value).toBe(0);
    expect((await find({ q: '' })).total).toEqual({ value: 8, relation: 'exact' });
  }, 60_000);

  test('of more than can be scanned some are answered, and that they are not all', async () => {
    const many = anAgent();
    const crowd = Array.from({ length: 1_200 }, (_, i) => contactOf({ firstName: `Kopf${i}`, emails: [email(`kopf${i}@menge.example`)] }));
    await customer.adds(many.tenant, crowd, 'bulk');
    await settled(1_200, many);
    expect((await find({ q: '*@menge.example' }, many)).total).toEqual({ value: 1_200, relation: 'exact' });
    await world.meili.kill();
    const { total, degraded, hits } = await find({ q: '*@menge.example' }, many);
    expect({ total, degraded }).toEqual({ total: { value: 1_000, relation: 'at_least' }, degraded: true });
    expect(hits).toHaveLength(25);
    expect(names(await find({ q: 'kopf77@menge' }, many))).toEqual(['Kopf77']);
    await world.meili.restart();
  }, 60_000);
});
