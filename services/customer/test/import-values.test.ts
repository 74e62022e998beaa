import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { again, anAgent, startWorld, type World } from '@kontor/testing';
import { service } from '../src/index.js';

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

type Options = { source?: string; onKnown?: 'update' | 'skip' | 'create' };
const importRows = async (agent: Context, rows: k.ImportRow[], { onKnown = 'update', ...options }: Options = {}) => {
  const input = { importId: randomUUID(), number: 0, onKnown, rows, ...options };
  return (await world.ask(again(agent, { door: 'import' }), k.importContacts, input)).outcomes;
};
const get = (agent: Context, id: string | undefined) => world.ask(again(agent), k.getContact, { id: id ?? '' });

describe('external ids of a file belong to its source', () => {
  it('the same id of another source belongs to another contact', async () => {
    const agent = anAgent();
    const row = { externalId: '17', lastName: 'Stone' };
    const [first] = await importRows(agent, [row], { source: 'crm' });
    const [other] = await importRows(agent, [{ externalId: '17', lastName: 'Wood' }], { source: 'shop' });
    const [withoutSource] = await importRows(agent, [{ externalId: '17', lastName: 'Sand' }]);
    expect([first, other, withoutSource].map((one) => one?.status)).toEqual(['created', 'created', 'created']);
    expect(await importRows(agent, [{ ...row, jobTitle: 'CEO' }], { source: 'crm' })).toEqual([{ status: 'updated', id: first?.id }]);
    expect(await get(agent, first?.id)).toMatchObject({ lastName: 'Stone', externalIds: [{ source: 'crm', id: '17' }] });
    expect(await get(agent, withoutSource?.id)).toMatchObject({ externalIds: [{ source: 'import', id: '17' }] });
  });

  it('a contact matched by e-mail gets the id of this source in addition to those of others', async () => {
    const agent = anAgent();
    const row = { externalId: '17', emails: ['ada@a.example'] };
    const [made] = await importRows(agent, [row], { source: 'crm' });
    await importRows(agent, [{ ...row, externalId: '4' }], { source: 'shop' });
    await importRows(agent, [{ ...row, externalId: '5' }], { source: 'shop' });
    expect((await get(agent, made?.id)).externalIds).toEqual([
      { source: 'crm', id: '17' },
      { source: 'shop', id: '5' },
    ]);
  });
});

describe('two rows with one mailbox', () => {
  const row = (firstName: string, more: k.ImportRow = {}): k.ImportRow => ({
    firstName,
    lastName: 'Stone',
    emails: ['stone@a.example'],
    ...more,
  });

  it.each([
    ['Anna', 'Bernd'],
    ['Anna', 'Yusuf'],
  ])('%s and %s: the second changes the first, with a warning', async (first, second) => {
    const agent = anAgent();
    const outcomes = await importRows(agent, [row(first), row(second)]);
    expect(outcomes).toMatchObject([
      { status: 'created' },
      { status: 'updated', warnings: [expect.stringMatching(new RegExp(`^firstName: .*"${first}" before and is "${second}" now`))] },
    ]);
    expect(outcomes[0]).not.toHaveProperty('warnings');
    expect(await get(agent, outcomes[0]?.id)).toMatchObject({ firstName: second });
    const [again] = await importRows(agent, [row(first)], { onKnown: 'create' });
    expect(again).toMatchObject({ status: 'created' });
  });

  it.each<[string, k.ImportRow, k.ImportRow]>([
    ['the same name', row('Anna'), row('anna')],
    ['a near name', row('Anna'), row('Anne')],
    ['a further name', row('Anna'), row('Anna Maria')],
    ['a first name that was not known', { emails: ['stone@a.example'] }, row('Anna')],
    ['no first name', row('Anna'), { emails: ['stone@a.example'], jobTitle: 'CEO' }],
    ['another last name', row('Anna'), row('Anna', { lastName: 'Wood' })],
    ['the id of the source', row('Anna', { externalId: '1' }), row('Bernd', { externalId: '1' })],
  ])('%s needs no warning', async (_, first, second) => {
    const outcomes = await importRows(anAgent(), [first, second]);
    expect(outcomes).toEqual([
      { status: 'created', id: outcomes[0]?.id },
      { status: 'updated', id: outcomes[0]?.id },
    ]);
  });
});

describe('values of imported rows', () => {
  it('what a file says a number is stays with it, also when the row comes again', async () => {
    const agent = anAgent();
    const row: k.ImportRow = {
      lastName: 'Stone',
      emails: ['ada@a.example'],
      phones: [
        { number: '0171 1234567', kind: 'mobile', slot: 0 },
        { number: '030 1234567', kind: 'phone', slot: 0, label: 'Home' },
        { number: '030 1234568', kind: 'fax', slot: 0, label: 'Work' },
      ],
    };
    const [made] = await importRows(agent, [row]);
    const { phones } = await get(agent, made?.id);
    expect(phones).toMatchObject([
      { kind: 'mobile', primary: true },
      { kind: 'phone', label: 'Home' },
      { kind: 'fax', label: 'Work' },
    ]);
    await importRows(agent, [row]);
    expect((await get(agent, made?.id)).phones).toEqual(phones);
  });

  it('numbers that differ in letters, extension or kind are all stored', async () => {
    const agent = anAgent();
    const rows: k.ImportRow[] = [
      {
        lastName: 'Letters',
        phones: [0, 1].map((slot) => ({ number: ['0800 FLOWERS', '0800 TAXICAB'][slot] ?? '', kind: 'phone', slot })),
      },
      {
        lastName: 'Extensions',
        phones: [0, 1].map((slot) => ({ number: `030 1234567 ext. 1${slot}`, kind: 'phone', slot })),
      },
      {
        lastName: 'Kinds',
        phones: [
          { number: '0171 1234567', kind: 'phone', slot: 0 },
          { number: '+49 171 1234567', kind: 'mobile', slot: 0 },
        ],
      },
    ];
    const twice = [await importRows(agent, rows), await importRows(agent, [])];
    expect(twice[0]?.every((one) => one.warnings === undefined)).toBe(true);
    const kept = await Promise.all((twice[0] ?? []).map(({ id }) => get(agent, id)));
    expect(kept.map(({ phones }) => phones.map(({ number }) => number))).toEqual(
      rows.map(({ phones }) => phones?.map(({ number }) => number)),
    );
    const found = async (phone: string) => (await world.ask(again(agent), k.lookUpCaller, { phone })).items.map(({ lastName }) => lastName);
    expect(await found('0800 3569377')).toEqual(['Letters']);
    expect(await found('0800 flowers')).toEqual(['Letters']);
    expect(await found('0800 FLOWERX')).toEqual([]);
    expect(await found('030 1234567')).toEqual(['Extensions']);
  });

  it('a text that is not a number is stored as written, with a warning, and is not found by look-ups', async () => {
    const agent = anAgent();
    const numbers = ['4.91711E+11', 'call after 5', '0'];
    const outcomes = await importRows(
      agent,
      numbers.map((number) => ({ lastName: 'A', phones: [{ number, kind: 'phone', slot: 0 }] })),
    );
    for (const [i, { id, status, warnings }] of outcomes.entries()) {
      expect({ status, warnings }).toEqual({
        status: 'created',
        warnings: [expect.stringContaining('is not a number that can be dialled')],
      });
      expect((await get(agent, id)).phones).toMatchObject([{ number: numbers[i] }]);
      expect(await world.ask(again(agent), k.lookUpCaller, { phone: numbers[i] ?? '' })).toEqual({ items: [] });
    }
  });

  it('addresses are normalized; an invalid one is dropped with a warning that says what is valid', async () => {
    const agent = anAgent();
    const [made] = await importRows(agent, [{ lastName: 'Stone', emails: ['ada@a.example'] }]);
    for (const address of [
      'mailto:ada@a.example',
      '<ADA@a.example>',
      "'ada@a.example'",
      'ada@a.example.',
      'ada@a.example\u200b',
      'Ada Stone <ada@a.example>',
    ])
      expect(await importRows(agent, [{ lastName: 'Stone', emails: [address] }])).toEqual([{ status: 'updated', id: made?.id }]);
    const [row] = await importRows(agent, [{ lastName: 'B', emails: ['a@b..c'] }]);
    expect(row?.warnings).toEqual([
      expect.stringMatching(/^email: "a@b\.\.c" must be an e-mail address like anna@firma\.example: .*; left out$/),
    ]);
  });

  it('invisible names are empty, and implausible birthdays are dropped', async () => {
    const agent = anAgent();
    const outcomes = await importRows(agent, [
      ...['\u200b', '\u2060', '\u202e', '\u2800'].map((lastName) => ({ lastName })),
      { lastName: 'B', birthday: '0001-01-01' },
      { lastName: 'C', birthday: '2999-01-01' },
      { lastName: 'D', birthday: '1850-01-01' },
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(4).fill('rejected'), ...Array(3).fill('created')]);
    expect(outcomes.slice(4).map(({ warnings }) => warnings?.length ?? 0)).toEqual([1, 1, 0]);
  });
});
