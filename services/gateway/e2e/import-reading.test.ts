import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact, Import, Settings, Summary } from '@kontor/contracts';
import { type Hub, ok, startHub } from './start-hub.js';

type Agent = Awaited<ReturnType<Hub['agent']>>;

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(() => hub.stop());

/** The tenant's contacts whole after the file has come in, by first name, with the import as it ended. */
async function imported(agent: Agent, file: string, options: Record<string, string> = {}) {
  const started = ok<Import>(await agent.upload(file, { start: 'true', ...options }), 202);
  const { progress } = await agent.ended(started.id);
  const { items } = ok<{ items: Summary[] }>(await agent.call('GET', '/v1/contacts?limit=200'));
  const contacts = await Promise.all(items.map(async ({ id }) => ok<Contact>(await agent.call('GET', `/v1/contacts/${id}`))));
  const warnings = (await agent.call('GET', `/v1/imports/${started.id}/warnings.csv`)).text;
  return { started, progress, warnings, contacts: new Map(contacts.map((one) => [one.firstName, one])), count: contacts.length };
}
async function agentOf(settings: Partial<Settings> = {}): Promise<Agent> {
  const agent = await hub.agent();
  ok(await agent.call('PATCH', '/v1/settings', settings));
  return agent;
}

describe('ids in a file', () => {
  it.each([
    ['numbers', '17', '18'],
    ['UUIDs of another system', '0b9f5a52-6f3b-4d7e-9a51-2f1f3b1c0a01', '0b9f5a52-6f3b-4d7e-9a51-2f1f3b1c0a02'],
  ])('that are %s are external ids: twice the same file is the same people', async (_, one, two) => {
    const agent = await agentOf();
    const file = `ID,First Name,Last Name,Phone\n${one},Ada,Stone,030 1234567\n${two},Bob,Hill,030 7654321\n`;
    const first = await imported(agent, file);
    expect(first.started).toMatchObject({ columns: [{ field: 'externalId' }, {}, {}, {}], mapping: { source: 'import' } });
    const second = await imported(agent, file);
    expect([second.count, second.progress.updated]).toEqual([2, 2]);
    expect(second.contacts.get('Ada')?.externalIds).toEqual([{ source: 'import', id: one }]);
  });

  it('are ids where they are those of contacts here, and one that is none is said', async () => {
    const agent = await agentOf();
    const { id } = ok<Contact>(await agent.call('POST', '/v1/contacts', { firstName: 'Ada', lastName: 'Stone' }), 201);
    const file = `Id,First Name,Last Name\n${id},Ada,Rock\n0b9f5a52-6f3b-4d7e-9a51-2f1f3b1c0a02,Bob,Hill\n`;
    const { started, contacts, progress, warnings } = await imported(agent, file);
    expect(started.columns[0]).toMatchObject({ field: 'id' });
    expect(progress).toMatchObject({ updated: 1, created: 1, warnings: 1 });
    expect(contacts.get('Ada')).toMatchObject({ id, lastName: 'Rock' });
    expect(warnings).toContain('id: is not the id of a contact of this tenant');
  });

  it('of two systems are two ids, by the export they come from or as somebody says', async () => {
    const agent = await agentOf();
    await imported(agent, 'Contact ID,First Name,Last Name,Account Name,Mailing Street\n17,Ada,Stone,A,Weg 1\n');
    await imported(agent, 'External Id,First Name,Last Name\n17,Bob,Hill\n');
    const { contacts, count } = await imported(agent, 'External Id,First Name,Last Name\n17,Cyd,Dale\n', { source: 'shop' });
    expect(count).toBe(3);
    expect(['Ada', 'Bob', 'Cyd'].map((name) => contacts.get(name)?.externalIds)).toEqual([
      [{ source: 'salesforce', id: '17' }],
      [{ source: 'import', id: '17' }],
      [{ source: 'shop', id: '17' }],
    ]);
  });
});

describe('dates and numbers', () => {
  it.each([
    ['GB', 'dmy', '1985-04-03'],
    ['DE', 'dmy', '1985-04-03'],
    ['US', 'mdy', '1985-03-04'],
  ])('that prove nothing are read as is usual in %s, and the answer says so', async (country, dateOrder, birthday) => {
    const agent = await agentOf({ country });
    const { started, contacts } = await imported(agent, 'First Name,Last Name,Birthday\nAda,Stone,03/04/1985\n');
    expect(started.mapping.dateOrder).toBe(dateOrder);
    expect(contacts.get('Ada')?.birthday).toBe(birthday);
  });

  it('of custom fields are read by their columns, never rounded and never guessed; options and answers however they are written', async () => {
    const field = (key: string, kind: Settings['customFields'][number]['kind'], options?: string[]) =>
      ({ key, label: key, kind, for: 'contact', ...(options && { options }) }) as const;
    const customFields = [
      ...[field('since', 'date'), field('size', 'number'), field('sum', 'number'), field('key', 'number')],
      ...[field('level', 'select', ['Gold', 'Silver Plus']), field('ok', 'checkbox')],
    ];
    const agent = await agentOf({ country: 'DE', customFields });
    const header = `First Name,Last Name,${customFields.map(({ key }) => `customFields.${key}`).join(',')}`;
    const { contacts, progress, warnings } = await imported(
      agent,
      `${header}\nAda,A,31.01.2026,"12,000","1.234,56",12345678901234567890,gold,Ja\nBob,B,2026-01-31,7,"1,234",4.91512E+11,silver  plus,x\n`,
    );
    expect(contacts.get('Ada')?.customFields).toEqual({ since: '2026-01-31', sum: 1234.56, level: 'Gold', ok: true });
    expect(contacts.get('Bob')?.customFields).toEqual({ since: '2026-01-31', size: 7, sum: 1.234, level: 'Silver Plus', ok: true });
    expect(progress.warnings).toBe(2);
    for (const said of ['may be 12.000 or 12000', 'more digits than a number can hold', 'shortened by the spreadsheet'])
      expect(warnings).toContain(said);
  });
});

it('columns of two addresses are two addresses, and the home address alone is the address', async () => {
  const { contacts } = await imported(
    await agentOf(),
    'First Name,Last Name,Home Address,Home City,Home ZipCode,Home Country,Work Address,Work City,Work ZipCode,Work Country\n' +
      'Ada,Stone,Rue 1,Paris,75001,France,Weg 2,Berlin,10115,Germany\nBob,Hill,Rue 1,Paris,75001,France,,,,\n',
  );
  const home = { line1: 'Rue 1', city: 'Paris', postalCode: '75001', country: 'France' };
  expect(contacts.get('Ada')?.addresses).toEqual([
    { line1: 'Weg 2', city: 'Berlin', postalCode: '10115', country: 'Germany', primary: true },
    { ...home, label: 'home', primary: false },
  ]);
  expect(contacts.get('Bob')?.addresses).toEqual([{ ...home, primary: true }]);
});

it('several values of a cell are several values, and one number may be of two kinds', async () => {
  const { contacts, progress } = await imported(
    await agentOf(),
    'First Name,Last Name,E-mail 1 - Value,Phone 1 - Value,Mobile\nAda,Stone,a@a.example ::: b@a.example,0171 1234567 ::: 0172 7654321,0171 1234567\n',
  );
  expect(progress.warnings).toBe(0);
  const ada = contacts.get('Ada');
  expect(ada?.emails.map(({ address }) => address)).toEqual(['a@a.example', 'b@a.example']);
  expect(ada?.phones.map(({ e164, kind }) => [kind, e164])).toEqual(
    expect.arrayContaining([
      ['phone', '+491711234567'],
      ['phone', '+491727654321'],
    ]),
  );
});

it('a delimiter that is in doubt is said, and can be said', async () => {
  const agent = await agentOf();
  const file = 'Name, Vorname;E-Mail\nMeyer, Anna;anna@a.example\nVogt, Bernd;bernd@a.example\n';
  const { started, contacts } = await imported(agent, file);
  expect(started.format).toEqual({ delimiter: ';', otherDelimiters: [','] });
  expect(contacts.get('Anna')).toMatchObject({ lastName: 'Meyer', emails: [{ address: 'anna@a.example' }] });
  expect(ok<Import>(await agent.upload(file, { delimiter: ',' }), 201).columns.map(({ header }) => header)).toEqual([
    'Name',
    'Vorname;E-Mail',
  ]);
});
