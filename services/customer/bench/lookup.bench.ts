// At 1,000,000 contacts of one tenant: caller look-up (p99 ≤ 20 ms), and every filter and sort of the list of contacts (p99 ≤ 50 ms), at the gateway,
// as an admin and as an agent who may not see 1 % of them. KONTOR_BENCH_CONTACTS sets another number; KONTOR_BENCH_FILTER runs only the filters whose
// names contain this text, and no look-ups.
import { type Measure, percentile, report, time, withHub } from '@kontor/testing/bench';
import { DataSource } from 'typeorm';

const CONTACTS = Number(process.env.KONTOR_BENCH_CONTACTS ?? 1_000_000);
const LOOKUPS = 1_000;
const LISTS = Number(process.env.KONTOR_BENCH_TIMES ?? 100);
const ONLY = process.env.KONTOR_BENCH_FILTER ?? '';
const SWITCHBOARD = '+493099999999';
const AGENTS = ['Agent 0', 'Agent 1', 'Agent 2'];

const statements = [
  `create temporary table c as
   select i, uuidv7(make_interval(secs => i - $1::int)) as id, (hashint4(i) & 2147483647) as h, (hashint4(i + 77) & 2147483647) as h2,
     (hashint4(i + 777) & 2147483647) as h3
   from generate_series(1, $1::int) i`,
  `create temporary table k as select id, row_number() over (order by id) - 1 as n from customer`,
  `create temporary table a as select id, row_number() over (order by name) - 1 as n from agent where name like 'Agent %'`,
  // All values derived from the number of a person, in one row.
  `create temporary table p as
   select c.*, first, last, first || ' ' || last as name, k.id as customer_id, a.id as owner_id,
     lower(first) || '.' || lower(last) || '.' || c.i || '@' || (c.h2 % 5000) || '.example' as email,
     case when c.i % 1000 = 7 and c.i <= 1000000 then '${SWITCHBOARD}' when c.h2 % 4 > 0 then '+4930' || lpad(c.i::text, 8, '1') end as phone,
     case when c.h % 3 = 0 then '+49151' || lpad(c.i::text, 8, '2') end as mobile,
     case when c.h3 % 7 < 4 then 'cold' when c.h3 % 7 < 6 then 'warm' when c.h3 % 1001 = 6 then 'hot' end as type,
     case when c.h3 % 2 = 0 then '["newsletter"]'::jsonb else '[]' end
       || case when c.h3 / 2 % 20 = 3 then '["vip"]'::jsonb else '[]' end
       || case when c.h3 % 10000 = 5 then '["jubilee"]'::jsonb else '[]' end as tags,
     case when c.h2 % 3 = 0 then 'E-' || c.i end as code,
     c.h % 100 = 42 as restricted,
     -- most have not been touched for long
     now() - make_interval(secs => 100000000 * power((c.h2 % 100003) / 100003.0, 0.5)) as updated_at
   from c
     cross join lateral (select (array['Anna','Maria','Lena','Jürgen','Hans','Peter','Wei','José','Chloe','Emma'])[1 + c.h % 10] as first,
       (array['Müller','Schmidt','Weber','Fischer','Nowak','Smith','Li','Dubois'])[1 + c.h2 % 8] || (c.h2 % 40000) as last) names
     left join k on k.n = case when c.h % 5 = 0 then -1 when c.h % 50 = 1 then 0 else c.h2 % greatest($1::int / 20, 1) end
     left join a on a.n = case when c.h2 % 10 < 8 then 0 when c.h2 % 1000 = 8 then 2 else 1 end`,
  `insert into contact (id, first_name, last_name, display_name, sort_name, employee_code, customer_id, external_ids, emails, phones, addresses,
     type, tags, notes, owner_id, access, readers, writers, updated_at, created_at)
   select id, first, last, name, lower(name), code, customer_id, jsonb_build_array(jsonb_build_object('source', 'crm', 'id', i::text)),
     jsonb_build_array(jsonb_build_object('address', email, 'primary', true)),
     case when phone is null then '[]' else jsonb_build_array(jsonb_build_object('number', phone, 'e164', phone, 'kind', 'phone', 'primary', true)) end
       || case when mobile is null then '[]' else
            jsonb_build_array(jsonb_build_object('number', mobile, 'e164', mobile, 'kind', 'mobile', 'primary', phone is null)) end,
     jsonb_build_array(jsonb_build_object('line1', 'Weg ' || i, 'city', 'Berlin', 'primary', true)),
     type, tags, repeat('Ruft gern zurück. ', (h % 10)), owner_id,
     case when restricted then '{"restricted": true, "agents": [], "teams": []}'::jsonb end,
     case when restricted then array[owner_id] end, case when restricted then array[owner_id] end, updated_at, updated_at
   from p`,
  `insert into contact_key (kind, value, contact_id, is_primary)
   select 'email', email, id, true from p
   union all select 'phone', phone, id, true from p where phone is not null
   union all select 'phone', mobile, id, phone is null from p where mobile is not null
   union all select 'code', code, id, false from p where code is not null
   union all select 'external', '3:crm:' || i, id, false from p`,
  `insert into contact_tag (tag, contact_id) select jsonb_array_elements_text(tags), id from p`,
  // A small project and one with half of all contacts; one contact in fifty has an opportunity.
  `insert into record (id, source, external_id, kind, title)
   select uuidv7(), 'erp', name, 'project', name from unnest(array['small', 'large']) name`,
  `insert into project_member (project_id, contact_id)
   select r.id, c.id from c join record r on r.kind = 'project' and (r.title = 'large' and c.h2 % 2 = 0 or r.title = 'small' and c.h2 % 50000 = 1)`,
  `insert into record (id, source, external_id, kind, contact_id)
   select uuidv7(), 'crm', 'o' || c.i, 'opportunity', c.id from c where c.h % 50 = 3`,
  'vacuum analyze record',
  'vacuum analyze project_member',
  'vacuum analyze contact',
  'vacuum analyze contact_key',
  'vacuum analyze contact_tag',
  'vacuum analyze customer',
];

const measures: Measure[] = [];
await withHub(async ({ hub, call, postgres }) => {
  const agents = await Promise.all(AGENTS.map((agent) => hub.token({ tenant: 'bench', role: 'agent', agent })));
  const get = async <T>(token: string, path: string): Promise<T> => {
    const response = await fetch(hub.api + path, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  await call('GET', '/v1/settings');
  for (const token of agents) await get(token, '/v1/settings');
  const waitForAgents = async () => (await call<{ items: { id: string; name: string }[] }>('GET', '/v1/agents')).items;
  let known = await waitForAgents();
  while (known.length <= AGENTS.length) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    known = await waitForAgents();
  }
  const agentId = (name: string) => known.find((one) => one.name === name)?.id ?? '';
  const database = await fillContacts(postgres.url, CONTACTS);

  const admin = await hub.token({ tenant: 'bench', role: 'admin' });
  const as = { admin, agent: agents[1] ?? '' };
  const phones: { value: string }[] = await database.query(
    `select value from contact_key tablesample system (5) repeatable (1) where kind = 'phone' limit ${LOOKUPS}`,
  );
  const lookup = (token: string, phone: string) =>
    get<{ items: unknown[] }>(token, `/v1/contacts/lookup?phone=${encodeURIComponent(phone)}`);
  const nth = (i: number) => phones[i % phones.length]?.value ?? '';
  const numbers: Record<string, (i: number) => string> = {
    known: nth,
    'written nationally': (i) => `0${nth(i).slice(3, 5)} / ${nth(i).slice(5)}`,
    unknown: (i) => `+4940${String(i).padStart(8, '7')}`,
    'that 1,000 share': () => SWITCHBOARD,
  };
  // The baseline: a call that reaches no service.
  add('GET /v1/me, to compare with', await time(LOOKUPS, () => get(admin, '/v1/me')));
  for (const [who, token] of Object.entries(as))
    for (const [what, number] of Object.entries(ONLY ? {} : numbers))
      add(`lookup, number ${what}, ${who}`, await time(LOOKUPS, (i) => lookup(token, number(i))), 20);

  const [customers, big]: [{ id: string }[], { id: string }[]] = await Promise.all([
    database.query('select id from customer order by id desc limit 50'),
    database.query('select id from customer order by id limit 1'),
  ]);
  const projects: { id: string; title: string }[] = await database.query(`select id, title from record where kind = 'project'`);
  const project = (title: string) => `projectId=${projects.find((one) => one.title === title)?.id}`;
  const filters: Record<string, (i: number) => string> = {
    none: () => '',
    'projectId, small': () => project('small'),
    'projectId, half of all': () => project('large'),
    'hasOpportunities, 2 %': () => 'hasOpportunities=true',
    'hasOpportunities=false': () => 'hasOpportunities=false',
    'projectId, small, with opportunities': () => `${project('small')}&hasOpportunities=true`,
    'customerId, small': (i) => `customerId=${customers[i % customers.length]?.id}`,
    'customerId, with 2 %': () => `customerId=${big[0]?.id}`,
    'customerId=none': () => 'customerId=none',
    'type, common': () => 'type=cold',
    'type, rare': () => 'type=hot',
    'tag, common': () => 'tag=newsletter',
    'tag, 5 %': () => 'tag=vip',
    'tag, rare': () => 'tag=jubilee',
    'tag, two': () => 'tag=newsletter&tag=vip',
    'ownerId, 80 %': () => `ownerId=${agentId('Agent 0')}`,
    'ownerId, 0.1 %': () => `ownerId=${agentId('Agent 2')}`,
    email: (i) => `email=anna.${i}@nobody.example`,
    phone: (i) => `phone=${encodeURIComponent(nth(i))}`,
    'phone that 1,000 share': () => `phone=${encodeURIComponent(SWITCHBOARD)}`,
    employeeCode: (i) => `employeeCode=E-${i}`,
    externalId: (i) => `externalId=crm:${i + 1}`,
    'updatedSince, recent': () => `updatedSince=${new Date(Date.now() - 86_400_000 * 10).toISOString()}`,
    'updatedSince, all': () => 'updatedSince=2000-01-01T00:00:00Z',
    'type and tag, rare both': () => 'type=hot&tag=jubilee',
    'ownerId, 0.1 %, and type, common': () => `ownerId=${agentId('Agent 2')}&type=cold`,
  };
  for (const [who, token] of Object.entries(as))
    for (const [what, filter] of Object.entries(filters).filter(([name]) => name.includes(ONLY)))
      for (const sort of ['name', '-createdAt', '-updatedAt']) {
        const path = (i: number) => `/v1/contacts?sort=${sort}&${filter(i)}`;
        add(`list, ${what}, by ${sort}, ${who}`, await time(LISTS, (i) => get(token, path(i))), 50);
        const first = await get<{ nextCursor: string | null }>(token, path(0));
        const second = `${path(0)}&cursor=${first.nextCursor}`;
        if (first.nextCursor) add(`list, ${what}, by ${sort}, ${who}, page 2`, await time(LISTS, () => get(token, second)), 50);
      }
  await database.destroy();
  report(`Lookup and lists at ${CONTACTS.toLocaleString('en')} contacts`, measures);
});

function add(what: string, times: readonly number[], goal?: number): void {
  const p99 = percentile(times, 0.99);
  measures.push(
    { what: `${what}, p50`, value: percentile(times, 0.5), unit: 'ms' },
    { what: `${what}, p99`, value: p99, unit: 'ms', ...(goal && { goal: `≤ ${goal} ms`, met: p99 <= goal }) },
  );
}

/**
 * Inserts customers and contacts directly into the tables of the customer service: the cost of creating them is measured elsewhere. One in five has
 * no customer, one customer has 2 % of them; types and tags are common and rare; 1 % are restricted to one agent; three quarters have their own
 * number, 1,000 share one; each has its own e-mail.
 */
async function fillContacts(adminUrl: string, contacts: number): Promise<DataSource> {
  const url = new URL(adminUrl);
  url.pathname = '/customer';
  const database = await new DataSource({ type: 'postgres', url: url.href, installExtensions: false, poolSize: 1 }).initialize();
  const [known]: { id: string }[] = await database.query('select id from tenant');
  if (!known) throw new Error('no call of the tenant has been seen yet');
  await database.query(`set kontor.tenant = '${known.id}'`);
  await database.query(
    `insert into customer (id, name, sort_name, owner_id)
     select uuidv7(make_interval(secs => i - $1::int - 200000000)), 'Firma ' || i, 'firma ' || i, a.id
     from generate_series(1, $1::int) i join (select id, row_number() over (order by id) as n, count(*) over () as all_of_them from agent) a
       on a.n = 1 + i % a.all_of_them`,
    [Math.max(Math.floor(contacts / 20), 1)],
  );
  for (const statement of statements) {
    await database.query(statement, statement.includes('$1') ? [contacts] : []);
  }
  return database;
}
