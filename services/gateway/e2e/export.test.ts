import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact, Customer, Import, Settings, Summary } from '@kontor/contracts';
import { problemIn } from '../test/start-gateway.js';
import { type Hub, ok, startHub } from './start-hub.js';

type Agent = Awaited<ReturnType<Hub['agent']>>;
type Page<T> = { items: T[]; nextCursor: string | null };

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(() => hub.stop());

const settings: Partial<Settings> = {
  types: ['cold', 'warm', 'hot', 'WARM', '=type'],
  customFields: [
    { key: 'text', label: 'Text', kind: 'text', for: 'contact' },
    { key: 'long', label: 'Long', kind: 'long_text', for: 'contact' },
    { key: 'number', label: 'Number', kind: 'number', for: 'contact' },
    { key: 'date', label: 'Date', kind: 'date', for: 'contact' },
    { key: 'checkbox', label: 'Checkbox', kind: 'checkbox', for: 'contact' },
    { key: 'select', label: 'Select', kind: 'select', for: 'contact', options: ['@a', 'b, c'] },
    { key: 'multi', label: 'Multi', kind: 'multi_select', for: 'contact', options: ['a;b', 'c,c', '["d"]', 'e'] },
    { key: 'heading', label: 'Heading', kind: 'heading', for: 'contact' },
    { key: 'size', label: 'Size', kind: 'number', for: 'customer' },
  ],
};

const nasty = {
  firstName: '=HYPERLINK("http://evil.example","x")',
  middleName: "'=1+1",
  lastName: '\'\'@Müller; "the",\n2nd',
  employeeCode: '-0017',
  companyName: "'s-Hertogenbosch",
  jobTitle: '+chief',
  language: 'zh-Hant',
  birthday: '1990-02-28',
  externalIds: [
    { source: 'import', id: '00042' },
    { source: 'crm, old', id: '@7' },
  ],
  emails: [
    { address: 'third@post.example', label: "'=label" },
    { address: "'=First@Post.example", primary: true },
    { address: 'second@post.example', label: ' home ' },
  ],
  phones: [
    { number: '+49 30 1234567', kind: 'phone', label: 'desk' },
    { number: '030 7654321', kind: 'phone' },
    { number: '4711', kind: 'phone' },
    { number: '030 999', kind: 'phone' },
    { number: '0170/1234567', kind: 'mobile' },
    { number: '0171 7654321', kind: 'mobile' },
    { number: '030 1234568', kind: 'fax', primary: true },
    { number: '030 1234569', kind: 'fax' },
    { number: '030 1234570', kind: 'fax' },
  ],
  addresses: [
    { line1: 'Second home', label: 'home' },
    {
      line1: '=A1\n"B"',
      line2: 'Hof 2',
      city: '北京',
      state: 'BE',
      postalCode: '01067',
      country: 'China',
      alias: 'Alexanderplatz',
      label: 'work',
      primary: true,
    },
  ],
  links: [{ url: 'https://social.example/@anna', kind: 'social', primary: true, label: 'me' }, { url: 'http://anna.example/a,b;c' }],
  type: 'WARM',
  tags: ['vip', 'a;b', 'c,d', '=tag', '[e]', 'f ::: g', '标签'],
  notes: '\t=cmd|\' /C calc\'!A0\r\n"quoted"\n\n  and a space ',
  customFields: {
    text: ' =padded ',
    long: 'one\r\ntwo;three\n',
    number: -12.5,
    date: '2026-01-31',
    checkbox: false,
    select: '@a',
    multi: ['a;b', 'c,c', '["d"]'],
  },
};
const others = [
  { lastName: '王', firstName: '伟', phones: [{ number: '+86 10 1234 5678', kind: 'fax' }] },
  { employeeCode: 'only a code' },
  { addresses: [{ alias: 'Dom' }] },
  { emails: [{ address: 'plain@post.example' }], tags: ['vip'], notes: 'plain', customFields: { checkbox: true, multi: ['e'] } },
  { lastName: "'", notes: ' ', customFields: { text: '', multi: [] } },
];

async function tenantWithSettings(): Promise<Agent & { tenant: string }> {
  const tenant = randomUUID();
  const agent = await hub.agent({ tenant });
  ok(await agent.call('PATCH', '/v1/settings', settings));
  return { ...agent, tenant };
}
/** All contacts whole, in the order of their making. */
async function contactsOf({ call }: Agent): Promise<Contact[]> {
  const { items } = ok<Page<Summary>>(await call('GET', '/v1/contacts?limit=200&sort=createdAt'));
  return Promise.all(items.map(async ({ id }) => ok<Contact>(await call('GET', `/v1/contacts/${id}`))));
}
const withoutIds = ({
  id: _,
  version: __,
  createdAt: ___,
  updatedAt: ____,
  ownerId: _____,
  customerId: ______,
  isPrimaryContact: _______,
  ...rest
}: Contact) => rest;
const exported = async ({ call }: Agent, query = '') => {
  const answer = await call('GET', `/v1/contacts/export.csv?${query}`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
  return answer.text;
};

describe('an export of contacts as CSV', () => {
  it('7.10 imported in another tenant gives the same contacts, every field of them', async () => {
    const from = await tenantWithSettings();
    const { items } = ok<{ items: { status: number }[] }>(await from.call('POST', '/v1/contacts/bulk', { items: [nasty, ...others] }));
    expect(items.map((item) => item.status)).toEqual([201, 201, 201, 201, 201, 201]);
    const csv = await exported(from, 'sort=createdAt');

    const to = await tenantWithSettings();
    const uploaded = ok<Import>(await to.upload(csv), 201);
    expect(uploaded.columns.filter((column) => column.field === null)).toEqual([]);
    ok(await to.call('POST', `/v1/imports/${uploaded.id}/start`), 202);
    const { progress } = await to.ended(uploaded.id);
    // Each row only says that its owner is none here.
    expect(progress).toMatchObject({ created: 6, rejected: 0, warnings: 6 });
    const warned = (await to.call('GET', `/v1/imports/${uploaded.id}/warnings.csv`)).text;
    expect(new Set(warned.match(/\w+: [^";,]*; left out/g))).toEqual(new Set(['ownerId: is not the id of an agent; left out']));
    const before = await contactsOf(from);
    expect((await contactsOf(to)).map(withoutIds)).toEqual(before.map(withoutIds));
    expect(before[0]).toMatchObject(nasty);

    // And what was imported is exported as the same file again, but for the ids and the owner.
    const blind = (text: string) => text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '');
    expect(blind(await exported(to, 'sort=createdAt'))).toBe(blind(csv));
  });

  it('7.10 imported again in the same tenant changes nothing: no version goes up, nobody is doubled', async () => {
    const agent = await tenantWithSettings();
    const customer = ok<Customer & { contacts: Contact[] }>(
      await agent.call('POST', '/v1/customers', { name: 'Beispiel', contacts: [{ lastName: 'Hier' }] }),
      201,
    );
    await agent.call('POST', '/v1/contacts/bulk', { items: [{ ...nasty, customerId: customer.id }, ...others] });
    const before = await contactsOf(agent);
    const imported = ok<Import>(await agent.upload(await exported(agent), { start: 'true', onKnown: 'update' }), 202);
    expect((await agent.ended(imported.id)).progress).toMatchObject({ updated: 7, created: 0, rejected: 0, warnings: 0 });
    expect(await contactsOf(agent)).toEqual(before);
  });

  it('7.10 a row that was edited changes just that; its customer too, and what is not there is left out with a warning', async () => {
    const agent = await hub.agent();
    const [first, second] = await Promise.all(
      ['Eins', 'Zwei'].map(async (name) => ok<Customer>(await agent.call('POST', '/v1/customers', { name }), 201)),
    );
    const made = ok<Contact>(
      await agent.call('POST', '/v1/contacts', {
        lastName: 'Alt',
        emails: [{ address: 'x@y.example', label: 'work' }],
        customerId: first?.id,
      }),
      201,
    );
    const edited = (await exported(agent)).replace('Alt', 'Neu').replaceAll(first?.id ?? '', second?.id ?? '');
    await agent.ended(ok<Import>(await agent.upload(edited, { start: 'true' }), 202).id);
    const after = ok<Contact>(await agent.call('GET', `/v1/contacts/${made.id}`));
    expect(after).toMatchObject({ lastName: 'Neu', emails: made.emails, customerId: second?.id, isPrimaryContact: true, version: 2 });
    expect(ok<Customer>(await agent.call('GET', `/v1/customers/${first?.id}`)).primaryContactId).toBeNull();

    const wrong = edited.replaceAll(second?.id ?? '', randomUUID()).replace('[{', '[');
    const { progress } = await agent.ended(ok<Import>(await agent.upload(wrong, { start: 'true' }), 202).id);
    expect(progress).toMatchObject({ updated: 1, warnings: 1 });
    expect(ok<Contact>(await agent.call('GET', `/v1/contacts/${made.id}`))).toEqual(after);
  });

  it('7.10 begins with the mark of UTF-8, and no cell of it is a formula', async () => {
    const agent = await tenantWithSettings();
    ok(await agent.call('POST', '/v1/contacts', nasty), 201);
    const token = await hub.identity.token({ tenant: agent.tenant, roles: ['light_agent'] });
    const file = await fetch(`${hub.url}/v1/contacts/export.csv`, { headers: { authorization: `Bearer ${token}` } });
    const bytes = Buffer.from(await file.arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    const text = bytes.subarray(3).toString();
    expect(text).toMatch(/^id,firstName,middleName,lastName,[^\r\n]*,customFields\.multi,externalId,customerId,ownerId,exact\r\n/);
    // Within quotes a cell may have anything; what counts is how cells begin.
    expect(text).not.toMatch(/(^|[,\n])"?[=+@\t\r]/);
    expect(text).toContain(`"'=HYPERLINK(""http://evil.example"",""x"")",''=1+1,"'''@Müller; ""the"",\n2nd"`);
  });

  it('7.10 has what the list with the same filters and sort has, however many pages it takes', async () => {
    const agent = await hub.agent();
    const items = Array.from({ length: 1000 }, (_, i) => ({
      lastName: `N${`${i}`.padStart(4, '0')}`,
      emails: [{ address: `n${i}@viele.example` }],
      tags: [i % 2 ? 'odd' : 'even'],
    }));
    ok(await agent.call('PUT', '/v1/contacts', { items }));
    ok(
      await agent.call('PUT', '/v1/contacts', {
        items: items.map((item, i) => ({ ...item, emails: [{ address: `m${i}@viele.example` }] })),
      }),
    );
    const names = (csv: string) =>
      csv
        .trimEnd()
        .split('\r\n')
        .slice(1)
        .map((line) => line.split(',')[3]);
    const all = names(await exported(agent));
    expect(all).toHaveLength(2000);
    expect(all).toEqual([...all].sort());
    const odd = names(await exported(agent, 'tag=odd&sort=-name'));
    expect(odd).toEqual(all.filter((name) => Number(name?.slice(1)) % 2).reverse());
    const few = await exported(agent, 'email=n17@viele.example');
    expect(names(few)).toEqual(['N0017']);
    expect((await agent.call('HEAD', '/v1/contacts/export.csv')).status).toBe(200);
    expect(problemIn(await agent.call('GET', '/v1/contacts/export.csv?limit=5'))).toMatchObject({
      code: 'invalid',
      errors: [{ path: 'limit' }],
    });
    expect(problemIn(await agent.call('GET', '/v1/contacts/export.csv?customerId=7'))).toMatchObject({
      code: 'invalid',
      errors: [{ path: 'customerId' }],
    });
  });

  it('7.10 a contact with very much in it comes back whole too', async () => {
    const from = await hub.agent();
    const line = 'x'.repeat(1024);
    const contact = {
      lastName: 'Viel',
      notes: '='.padEnd(32 * 1024, 'n'),
      addresses: Array.from({ length: 50 }, (_, i) => ({ line1: line, line2: line, city: line, state: line, alias: line, label: `${i}` })),
    };
    const { id } = ok<Contact>(await from.call('POST', '/v1/contacts', contact), 201);
    const to = await hub.agent();
    const { progress } = await to.ended(ok<Import>(await to.upload(await exported(from), { start: 'true' }), 202).id);
    expect(progress).toMatchObject({ created: 1 });
    expect((await contactsOf(to)).map(withoutIds)).toEqual([withoutIds(ok<Contact>(await from.call('GET', `/v1/contacts/${id}`)))]);
  });
});

describe('an export of customers as CSV', () => {
  it('7.10 has every field of them', async () => {
    const agent = await tenantWithSettings();
    const parent = ok<Customer>(await agent.call('POST', '/v1/customers', { name: '=Haus' }), 201);
    ok(
      await agent.call('POST', '/v1/customers', {
        name: 'Abteilung, "2"',
        parentId: parent.id,
        domains: ['a.example', 'b.example'],
        emails: [{ address: 'info@a.example', label: 'main' }],
        customFields: { size: 7 },
      }),
      201,
    );
    const { text, headers } = await agent.call('GET', '/v1/customers/export.csv?sort=name');
    expect(headers.get('content-disposition')).toBe('attachment; filename="customers.csv"');
    const [header = '', ...lines] = text.trimEnd().split('\r\n');
    expect(header).toMatch(/^\ufeff?id,name,domains,email,/);
    expect(lines[0]).toContain(`${parent.id},'=Haus,`);
    expect(lines[1]).toContain('"Abteilung, ""2""",a.example; b.example,info@a.example,');
    expect(lines[1]).toContain(`,7,,${parent.id},`);
    expect(lines[1]).toContain('"{""emails"":[{""label"":""main"",""address"":""info@a.example"",""primary"":true}]}"');
    expect((await agent.call('GET', `/v1/customers/export.csv?parentId=none`)).text.trimEnd().split('\r\n')).toHaveLength(2);
  });
});
