import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type OutputOf, search } from '@kontor/contracts';
import { anAgent, eventually, startWorld, type World } from '@kontor/testing';
import type { z } from 'zod';
import { service } from '../src/index.js';
import { address, email, phone, playCustomer, type StandIn } from './stand-in.js';

let world: World;
let customer: StandIn;
const agent = anAgent();
const { tenant } = agent;

const ask = (query: z.input<(typeof search)['input']>, as = agent) => world.ask(as, search, query);
type Answer = OutputOf<typeof search>;
const names = ({ hits }: Answer) => hits.map(({ displayName }) => displayName);
const find = async (q: string, more: object = {}) => names(await ask({ q, limit: 200, ...more }));

const people = [
  { firstName: 'Anna', lastName: 'Müller', emails: [email('anna.mueller@firma.example')], phones: [phone('030 1234567', '+49301234567')] },
  { firstName: 'Anna', middleName: 'Maria', lastName: 'Mueller', type: 'hot', tags: ['vip', 'Messe 2026'] },
  { firstName: 'Hans', lastName: 'Muller', notes: 'Kennt Anna Müller aus Wien', tags: ['vip'] },
  { firstName: 'Müllerin', lastName: 'Anna' },
  { firstName: 'Otto', lastName: 'Obermüller', companyName: 'Müller & Söhne GmbH' },
  { firstName: 'Ines', lastName: 'Mülller' },
  { firstName: 'John', lastName: 'Smith', phones: [phone('+1 (212) 555-0100', '+12125550100')] },
  { firstName: 'Jon', lastName: 'Smyth' },
  { firstName: 'Jo', lastName: 'Schmidt', employeeCode: 'E-4711' },
  { firstName: 'Anne-Marie', lastName: "O'Connor", jobTitle: 'Head of Sales' },
  { firstName: '伟', lastName: '王', addresses: [address({ city: '北京', line1: '长安街 7' })] },
  { firstName: '维', lastName: '王' },
  { firstName: null, lastName: '欧阳娜娜' },
  {
    firstName: 'Peter',
    lastName: 'Groß',
    addresses: [address({ line1: 'Hauptstraße 158', postalCode: '10115', city: 'Berlin', alias: 'Alexanderplatz' })],
  },
  {
    firstName: 'Paula',
    lastName: 'Gross',
    addresses: [address({ line1: 'Weg 1', city: 'Köln' })],
    customFields: { contractNo: 'AX 77', size: 10115 },
  },
  { firstName: 'Zoë', lastName: 'Sørensen', emails: [email('zoe@other.example'), email('z.sorensen@firma.example')] },
  { firstName: '100%', lastName: 'a_b\\c "d"' },
] as const;

beforeAll(async () => {
  world = await startWorld({ services: [service], meili: true });
  customer = await playCustomer(world.nats);
  await customer.adds(tenant, structuredClone(people) as never);
  await customer.addsCustomers(tenant, [{ name: 'Müller Maschinenbau AG', type: 'hot', tags: ['vip'] }]);
  await eventually(async () => expect((await ask({})).total).toEqual({ value: people.length + 1, relation: 'exact' }), 30_000);
});
afterAll(async () => {
  await customer?.stop();
  await world?.stop();
});

describe('clauses', () => {
  test('a plain word is found equal, at the beginning, inside, and with a slip, in this order', async () => {
    expect(await find('müller')).toEqual([
      'Anna Maria Mueller',
      'Anna Müller',
      'Hans Muller',
      'Müller Maschinenbau AG',
      'Otto Obermüller',
      'Müllerin Anna',
      'Ines Mülller',
    ]);
    expect(await find('MÜLLER')).toEqual(await find('müller'));
    // The same, but for who has it in notes only: Muller is one way to write Müller, and none to write Mueller.
    expect(await find('MUELLER')).toEqual([
      'Anna Maria Mueller',
      'Anna Müller',
      'Müller Maschinenbau AG',
      'Otto Obermüller',
      'Hans Muller',
      'Müllerin Anna',
      'Ines Mülller',
    ]);
    const { hits } = await ask({ q: 'müller' });
    expect(hits.map(({ matched }) => matched[0]?.how)).toEqual(['exact', 'exact', 'exact', 'exact', 'exact', 'prefix', 'slip']);
  });

  test.each([
    ['ann mül', ['Anna Maria Mueller', 'Anna Müller', 'Hans Muller', 'Müllerin Anna']],
    ['Sm?th', ['John Smith', 'Jon Smyth']],
    ['Gro?', ['Peter Groß']],
    ['Gros?', ['Paula Gross']],
    ['gro*', ['Paula Gross', 'Peter Groß']],
    ['*connor', ["Anne-Marie O'Connor"]],
    ["O'C*", ["Anne-Marie O'Connor"]],
    ['Sch*t', ['Jo Schmidt']],
    ['*berm*', ['Otto Obermüller']],
    ['M?ller -mueller', ['Hans Muller'].filter(() => false)],
    ['"Anna Müller"', ['Anna Maria Mueller', 'Anna Müller', 'Hans Muller']],
    ['"Müller Anna"', []],
    ['"Anna Maria Mueller"', ['Anna Maria Mueller']],
    ['"Head of Sales" "Marie O\'Connor"', ["Anne-Marie O'Connor"]],
    ['notes:"Anna Müller"', ['Hans Muller']],
    ['notes:"Anna Müller" name:"Hans Muller"', ['Hans Muller']],
    ['"Anna Müller" -notes:"Anna Müller"', ['Anna Maria Mueller', 'Anna Müller']],
    ['"王伟"', ['伟 王']],
    ['Smith~', ['John Smith', 'Jon Smyth', 'Jo Schmidt']],
    ['Smith~1 -sound', ['John Smith', 'Jon Smyth', 'Jo Schmidt']],
    ['王伟~', ['伟 王', '维 王']],
    ['王', ['伟 王', '维 王']],
    ['王伟', ['伟 王']],
    ['欧阳', ['欧阳娜娜']],
    ['娜娜', ['欧阳娜娜']],
    ['北京', ['伟 王']],
    ['030 1234', ['Anna Müller']],
    ['+49(0)30/1234', ['Anna Müller']],
    ['0049 30 1234567', ['Anna Müller']],
    ['4567', ['Anna Müller']],
    ['212 555', ['John Smith']],
    ['158', ['Peter Groß']],
    ['10115', ['Paula Gross', 'Peter Groß']],
    ['1011', []],
    ['anna@', []],
    ['anna.mueller', ['Anna Müller', 'Anna Maria Mueller', 'Hans Muller', 'Müllerin Anna']],
    ['mueller@firma', ['Anna Müller']],
    ['*@firma.example', ['Anna Müller', 'Zoë Sørensen']],
    ['z?e@other.example', ['Zoë Sørensen']],
    ['-müller -anna* 王', ['伟 王', '维 王']],
    ['last:anna', ['Müllerin Anna']],
    ['first:mül*', ['Müllerin Anna']],
    ['company:müller', ['Müller Maschinenbau AG', 'Otto Obermüller']],
    ['email:sorensen', ['Zoë Sørensen']],
    ['phone:2125', ['John Smith']],
    ['code:4711', ['Jo Schmidt']],
    ['code:e47*', ['Jo Schmidt']],
    ['4711', []],
    ['alias:alex', ['Peter Groß']],
    ['address:158', ['Peter Groß']],
    ['title:sales', ["Anne-Marie O'Connor"]],
    ['tag:messe', ['Anna Maria Mueller']],
    ['type:hot', ['Anna Maria Mueller', 'Müller Maschinenbau AG']],
    ['hot', []],
    ['contractNo:ax', ['Paula Gross']],
    ['contractno:"AX 77"', ['Paula Gross']],
    ['size:10115', ['Paula Gross']],
    ['unknown:gross', []],
    ['sorensen', ['Zoë Sørensen']],
    ['zoe', ['Zoë Sørensen']],
    ['\\"d\\" a_b\\\\c', ['100% a_b\\c "d"']],
    ['100\\%', ['100% a_b\\c "d"']],
    ['city:*', ['Paula Gross', 'Peter Groß', '伟 王']],
    ['nichtda', []],
  ])('%s', async (q, expected) => expect((await find(q)).toSorted()).toEqual([...expected].toSorted()));

  test('an empty query lists everything, and so does one that only excludes, without what it excludes', async () => {
    expect(await find('')).toHaveLength(people.length + 1);
    expect(await find('-anna -müller')).toEqual(expect.not.arrayContaining(['Anna Müller']));
    expect(await find('*')).toHaveLength(people.length + 1);
  });

  test('the nearest come first for words spelt alike', async () => {
    const { hits } = await ask({ q: 'Smith~' });
    expect(hits.map(({ displayName, matched }) => [displayName, matched[0]?.how])).toEqual([
      ['John Smith', 'exact'],
      ['Jon Smyth', 'alike'],
      ['Jo Schmidt', 'sound'],
    ]);
  });

  test.each([
    ['anna "müller', 'q: The quote that begins here is not closed (at character 6)'],
    [`${'a '.repeat(33)}`, 'q: The query has more than 32 clauses (at character 65)'],
    ['a'.repeat(600), 'q: The query is longer than 512 characters (at character 513)'],
  ])('what cannot be read is refused with the place', async (q, message) => {
    await expect(ask({ q })).rejects.toMatchObject({ code: 'invalid', message });
  });
});

describe('a hit says why', () => {
  test.each([
    ['anna@ -x', undefined],
    ['mul', { field: 'company', value: 'Müller & Söhne GmbH', highlighted: '<em>Mül</em>ler &#38; Söhne GmbH', how: 'prefix' }],
    ['"Söhne GmbH"', { field: 'company', value: 'Müller & Söhne GmbH', highlighted: 'Müller &#38; <em>Söhne GmbH</em>', how: 'phrase' }],
    ['030 1234', { field: 'phone', value: '030 1234567', highlighted: '<em>030 1234</em>567', how: 'phone' }],
    ['mueller@', { field: 'email', value: 'anna.mueller@firma.example', highlighted: 'anna.<em>mueller@</em>firma.example', how: 'email' }],
    ['code:4711', { field: 'code', value: 'E-4711', highlighted: expect.stringContaining('<em>'), how: 'code' }],
    ['10115', { field: 'size', value: '10115', highlighted: '<em>10115</em>', how: 'exact' }],
    ['ax', { field: 'contractno', value: 'AX 77', highlighted: '<em>AX</em> 77', how: 'exact' }],
    ['obermuller otto', { field: 'last', value: 'Obermüller', highlighted: '<em>Obermüller</em>', how: 'exact' }],
  ])('%s', async (q, expected) => {
    const { hits } = await ask({ q });
    const matched = hits.flatMap((hit) => hit.matched);
    if (expected) expect(matched).toContainEqual(expected);
    else expect(matched).toEqual([]);
  });
});

describe('filters', () => {
  test.each([
    [{ kind: 'customer' as const }, ['Müller Maschinenbau AG']],
    [{ type: 'hot' }, ['Anna Maria Mueller', 'Müller Maschinenbau AG']],
    [{ tag: 'vip' }, ['Anna Maria Mueller', 'Hans Muller', 'Müller Maschinenbau AG']],
    [{ tag: ['vip', 'Messe 2026'] }, ['Anna Maria Mueller']],
    [{ tag: 'messe' }, []],
    [{ customerId: randomUUID() }, []],
    [{ type: '" OR tenant != "x' }, []],
  ])('%j', async (filters, expected) => expect((await find('', filters)).toSorted()).toEqual(expected.toSorted()));

  test('facets count every hit once, whatever its class', async () => {
    const { facets, total } = await ask({ q: 'müller', facets: 'kind,tag,type,city', limit: 1 });
    expect(facets).toEqual({ kind: { contact: 6, customer: 1 }, tag: { vip: 3, 'Messe 2026': 1 }, type: { hot: 2 }, city: {} });
    expect(total).toEqual({ value: 7, relation: 'exact' });
  });
});

describe('paging', () => {
  test('goes through the classes and gives each hit once, with the same exact total on every page', async () => {
    const all = await find('müller');
    for (const limit of [1, 2, 3, 7, 8]) {
      const seen: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await ask({ q: 'müller', limit, cursor });
        expect(page.total).toEqual({ value: 7, relation: 'exact' });
        seen.push(...names(page));
        if (page.nextCursor === null) break;
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(all);
    }
  });
  test('a cursor of nobody is refused', async () => {
    await expect(ask({ q: '', cursor: 'x' })).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('nobody sees what is not theirs', () => {
  test('tenants that differ only by case are two', async () => {
    const lower = anAgent({ tenant: 'abcdefab-cdef-4abc-8def-abcdefabcdef' });
    const upper = anAgent({ tenant: 'ABCDEFAB-CDEF-4ABC-8DEF-ABCDEFABCDEF' });
    await customer.adds(lower.tenant, [{ firstName: 'Geheim', lastName: 'Kanarienvogel', phones: [phone('0301112223')] }]);
    await eventually(async () => expect((await ask({ q: 'kanarien' }, lower)).hits).toHaveLength(1));
    for (const q of ['kanarien', '*vogel', '0301112223', '']) {
      await expect(ask({ q }, upper)).rejects.toMatchObject({ code: 'invalid' });
      if (q) expect((await ask({ q })).total.value).toBe(0);
    }
  });

  test('what an agent may not see is left out', async () => {
    const [secret] = await customer.adds(tenant, [{ firstName: 'Verborgen', lastName: 'Quitte' }]);
    await eventually(async () => expect((await ask({ q: 'quitte' })).hits).toHaveLength(1));
    customer.hides(secret!.id);
    expect((await ask({ q: 'quitte' })).hits).toEqual([]);
    customer.forgets(tenant, secret!.id);
    await customer.tells(tenant, 'contact', [secret!.id], 'erased');
    await eventually(async () => expect((await ask({ q: 'quitte' })).total.value).toBe(0));
  });
});
