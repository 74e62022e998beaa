import {
  type Ask,
  type Asking,
  adminOnly,
  anyAgent,
  anybody,
  everybody,
  fetches,
  lists,
  ofTheTenant,
  ownFile,
  owns,
  ownWork,
  type Row,
  reads,
  row,
  tenantsAdmins,
  writes,
  writesEach,
} from './route-outcomes.js';
import { TAKEN } from './route-scene.js';

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');
const body = (value: unknown) => () => ({ body: value });
const query = (value: string) => () => ({ query: value });
const the =
  (
    name: 'customer' | 'contact' | 'project' | 'record' | 'request' | 'merge' | 'bin' | 'partlyHidden' | 'import' | 'job',
    more: Omit<Ask, 'id'> = {},
  ): Asking =>
  (scene) => ({ id: scene[name].id, ...more });
const aCustomer =
  (more: Omit<Ask, 'id'> = {}): Asking =>
  async ({ make }) => ({ id: (await make.customer()).id, ...more });
const aContact =
  (more: Omit<Ask, 'id'> = {}): Asking =>
  async ({ make, customer }) => ({ id: (await make.contact(customer.id, { addresses: [{ city: 'Berlin' }] })).id, ...more });
const aRecord =
  (more: Omit<Ask, 'id'> = {}): Asking =>
  async ({ make, contact }) => ({ id: (await make.record(contact.id)).id, ...more });
const aRequest =
  (more: Omit<Ask, 'id'> = {}): Asking =>
  async (scene, caller) => ({ id: (await scene.make.request((await aContact()(scene, caller)).id ?? '')).id, ...more });
const anUpload =
  (more: Omit<Ask, 'id'> = {}): Asking =>
  async ({ make }) => ({ id: (await make.uploaded()).id, ...more });
const inTheBin =
  (path: string, make: Asking): Asking =>
  async (scene, caller) => ({ id: (await scene.make.binned(path, (await make(scene, caller)).id ?? '')).id });
const restrict = { access: { restricted: true, teams: [{ name: 'Nord', rights: 'read' }] } };
const photo = { body: png, headers: { 'content-type': 'image/png' } };
const current = { 'if-match': '"1"' };
const form = () => {
  const data = new FormData();
  data.set('file', new Blob(['E-mail,First Name\r\nneu@kanarie.example,Neu\r\n']), 'contacts.csv');
  return { body: data };
};

/** Every route of the gateway, and who gets what there (docs/rules.md 2.10, 2.11). */
export const table: Record<string, Row | Row[]> = {
  'GET /v1/customers': lists(query('limit=200&include=contacts')),
  'POST /v1/customers': [
    anyAgent(body({ name: 'Neu', contacts: [{ lastName: 'Neu' }] })),
    anyAgent(({ customer }) => ({ body: { name: 'Neu', parentId: customer.id, access: { restricted: true } } }), {
      foreigner: 400,
      stranger: 400,
      reader: 403,
    }),
  ],
  'GET /v1/customers/export.csv': lists(query('')),
  'PATCH /v1/customers': writesEach(async ({ make }) => ({ body: { ids: [(await make.customer()).id], change: { addTags: ['x'] } } })),
  'POST /v1/customers/merge': writes(async ({ make }) => {
    const [into, from] = await Promise.all([make.customer(), make.customer()]);
    return { body: { into: into.id, from: [from.id] } };
  }),
  'GET /v1/customers/:id': reads(the('customer')),
  'PATCH /v1/customers/:id': [writes(aCustomer({ body: { notes: 'Neu' } })), owns(aCustomer({ body: restrict }))],
  'DELETE /v1/customers/:id': writes(aCustomer()),
  'GET /v1/customers/:id/contacts': reads(the('customer')),
  'GET /v1/customers/:id/history': reads(the('customer')),
  'POST /v1/customers/:id/erase': adminOnly(aCustomer({ headers: current })),
  'GET /v1/customers/:id/recipients': reads(the('customer', { query: 'topic=invoice' })),
  'GET /v1/customers/:id/photo': fetches(the('customer')),
  'PUT /v1/customers/:id/photo': writes(aCustomer(photo)),
  'DELETE /v1/customers/:id/photo': writes(aCustomer()),
  'GET /v1/customers/:id/photo/suggestions': fetches(the('customer')),

  'GET /v1/contacts': lists(query('limit=200')),
  'POST /v1/contacts': [
    // The answer says which contacts it may be a duplicate of.
    lists(body({ lastName: 'Kanarienvogel', phones: [{ number: '+49 30 77341990' }] }), { light: 403 }),
    // The refusal names who has the address.
    row(everybody('409 and shows', { foreigner: 'hides', stranger: 409, light: 403 }))(body({ emails: [{ address: TAKEN }] })),
    anyAgent(({ customer }) => ({ body: { lastName: 'Neu', customerId: customer.id } }), { foreigner: 400, stranger: 400, reader: 403 }),
  ],
  'PUT /v1/contacts': writesEach(
    async ({ make, customer }) => {
      const emails = [{ address: make.email() }];
      await make.contact(customer.id, { emails });
      return { body: { items: [{ emails, jobTitle: 'Neu' }] } };
    },
    { foreigner: 'item 201', stranger: 'item 409' },
  ),
  'GET /v1/contacts/export.csv': lists(query('')),
  'PATCH /v1/contacts': writesEach(async ({ make, customer }) => ({
    body: { ids: [(await make.contact(customer.id)).id], change: { addTags: ['x'] } },
  })),
  'POST /v1/contacts/bulk': writesEach(({ customer }) => ({ body: { items: [{ lastName: 'Neu', customerId: customer.id }] } }), {
    ...{ foreigner: 'item 400', stranger: 'item 400', writer: 'item 201', member: 'item 201', owner: 'item 201', admin: 'item 201' },
  }),
  'GET /v1/contacts/lookup': lists(query('phone=030 77341990')),
  'POST /v1/contacts/merge': writes(async ({ make, customer }) => {
    const [into, from] = await Promise.all([make.contact(customer.id), make.contact(customer.id)]);
    return { body: { into: into.id, from: [from.id] } };
  }),
  'GET /v1/contacts/:id': reads(the('contact')),
  'PATCH /v1/contacts/:id': [writes(aContact({ body: { jobTitle: 'Neu' } })), owns(aContact({ body: restrict }))],
  'DELETE /v1/contacts/:id': writes(aContact()),
  'PUT /v1/contacts/:id/customer': writes(async ({ make, customer }) => ({
    id: (await make.contact(customer.id)).id,
    body: { customerId: (await make.customer()).id },
  })),
  'GET /v1/contacts/:id/history': reads(the('contact')),
  'GET /v1/contacts/:id/everything': adminOnly(the('contact'), { admin: 'shows' }),
  'POST /v1/contacts/:id/erase': adminOnly(aContact({ headers: current })),
  'GET /v1/contacts/:id/permissions': fetches(the('contact')),
  'PUT /v1/contacts/:id/permissions': writes(aContact({ body: { invoices: { allowed: false } } })),
  'GET /v1/contacts/:id/notifications': fetches(the('contact')),
  'PUT /v1/contacts/:id/notifications': writes(aContact({ body: { invoice: false } })),
  'GET /v1/contacts/:id/photo': fetches(the('contact')),
  'PUT /v1/contacts/:id/photo': writes(aContact(photo)),
  'DELETE /v1/contacts/:id/photo': writes(aContact()),
  'GET /v1/contacts/:id/photo/suggestions': fetches(the('contact')),

  'GET /v1/requests': lists(query('limit=200')),
  'POST /v1/requests': writes(({ contact }) => ({ body: { contactId: contact.id } }), { foreigner: 400, stranger: 400 }),
  'GET /v1/requests/:id': reads(the('request')),
  'PATCH /v1/requests/:id': writes(aRequest({ body: { status: 'closed' } })),
  'DELETE /v1/requests/:id': writes(aRequest()),
  'POST /v1/requests/:id/work-site-address': writes(aRequest({ body: { from: 1 } })),
  'GET /v1/requests/:id/differences': reads(the('request')),
  'POST /v1/requests/:id/contact': writes(aRequest({ body: { save: 'changes' } })),

  'GET /v1/duplicates': lists(query('limit=200')),
  'POST /v1/duplicates/:id/dismiss': writes(({ duplicate }) => ({ id: duplicate.id })),

  'GET /v1/records': lists(query('limit=200')),
  'PUT /v1/records': [
    writesEach(
      async ({ make, contact }) => {
        const { id: _, ...key } = await make.record(contact.id);
        return { body: { items: [{ ...key, title: 'Neu' }] } };
      },
      { foreigner: 'item 201', stranger: 'item 409' },
    ),
    writesEach(
      ({ make, contact }) => {
        const item = { source: 'kanarie', externalId: `neu ${make.text()}`, kind: 'task', contactId: contact.id };
        return { body: { items: [item] } };
      },
      { foreigner: 'item 400', stranger: 'item 400', writer: 'item 201', member: 'item 201', owner: 'item 201', admin: 'item 201' },
    ),
  ],
  'GET /v1/records/:id': reads(the('record')),
  'PATCH /v1/records/:id': writes(aRecord({ body: { title: 'Neu' } })),
  'DELETE /v1/records/:id': writes(aRecord()),
  'GET /v1/records/:id/comments': reads(the('record')),
  'POST /v1/records/:id/comments': fetches(the('record', { body: { text: 'Neu' } })),
  'DELETE /v1/records/:id/comments/:commentId': [
    owns(async ({ make, record }) => ({ id: record.id, commentId: (await make.comment(record.id)).id })),
    // One's own, where one may comment.
    fetches(async ({ make, record, calls }, caller) => {
      const author = ['nobody', 'foreigner', 'stranger'].includes(caller) ? undefined : calls[caller];
      return { id: record.id, commentId: (await make.comment(record.id, author)).id };
    }),
  ],

  'GET /v1/projects/:id/members': reads(the('project')),
  'PUT /v1/projects/:id/members/:contactId': writes(async ({ make, customer, project }) => ({
    id: project.id,
    contactId: (await make.contact(customer.id)).id,
  })),
  'DELETE /v1/projects/:id/members/:contactId': writes(({ project, twin }) => ({ id: project.id, contactId: twin.id })),

  'GET /v1/merges': reads(({ merge }) => ({ query: `contactId=${merge.into}` })),
  'GET /v1/merges/:id': reads(the('merge')),
  'POST /v1/merges/:id/undo': writes(async ({ make, customer }) => ({ id: (await make.merge(customer.id)).id })),

  'GET /v1/search': lists(query('q=Kanarienvogel&facets=tag,city')),
  'GET /v1/search/suggest': lists(query('q=Kanarienvogel')),
  'GET /v1/admin/search/status': tenantsAdmins(query('')),
  'POST /v1/admin/search/rebuild': tenantsAdmins(() => ({})),
  'POST /v1/admin/search/verify': tenantsAdmins(body({ deep: true })),

  'GET /v1/imports': lists(query('limit=200'), { reader: 'hides', writer: 'hides', member: 'hides', light: 403 }),
  'POST /v1/imports': anyAgent(form),
  'GET /v1/imports/sample.csv': anyAgent(query('')),
  'GET /v1/imports/:id': ownFile(the('import'), { owner: 'shows', admin: 'shows' }),
  'PUT /v1/imports/:id/mapping': ownFile(anUpload({ body: { columns: [] } })),
  'POST /v1/imports/:id/start': ownFile(anUpload()),
  'GET /v1/imports/:id/progress': ownFile(the('import')),
  'GET /v1/imports/:id/rejected.csv': ownFile(the('import'), { owner: 'shows', admin: 'shows' }),
  'GET /v1/imports/:id/warnings.csv': ownFile(the('import')),

  'GET /v1/bin': lists(query('limit=200')),
  'GET /v1/bin/:id': [reads(the('bin')), lists(the('partlyHidden'), { foreigner: 404, owner: 'hides' })],
  'POST /v1/bin/:id/restore': [
    writes(inTheBin('customers', aCustomer())),
    writes(inTheBin('contacts', aContact())),
    writes(inTheBin('records', aRecord())),
    writes(inTheBin('requests', aRequest())),
    writes(async ({ make }) => ({ id: (await make.partlyHidden()).id }), { stranger: 403, owner: 403 }),
  ],
  'DELETE /v1/bin/:id': adminOnly(inTheBin('contacts', aContact())),

  'GET /v1/erasures': tenantsAdmins(query('')),

  'GET /v1/jobs/:id': ownWork(the('job')),
  'GET /v1/jobs/:id/items': ownWork(the('job')),

  'GET /v1/settings': anybody(query('')),
  'PATCH /v1/settings': tenantsAdmins(body({ country: 'AT' })),
  'POST /v1/settings/types/rename': tenantsAdmins(body({ from: 'warm', to: 'lukewarm' })),
  'POST /v1/settings/types/remove': tenantsAdmins(body({ type: 'cold' })),
  'POST /v1/settings/custom-fields/rename': tenantsAdmins(body({ for: 'contact', key: 'hobby', to: 'pastime' })),
  'POST /v1/settings/custom-fields/remove': tenantsAdmins(body({ for: 'contact', key: 'pastime' })),
  'POST /v1/settings/custom-fields/options/rename': tenantsAdmins(body({ for: 'contact', key: 'sport', from: 'a', to: 'c' })),
  'POST /v1/settings/custom-fields/options/remove': tenantsAdmins(body({ for: 'contact', key: 'sport', option: 'b' })),
  'GET /v1/agents': ofTheTenant(({ owner }) => ({ hidden: [owner] })),
  'GET /v1/teams': ofTheTenant(() => ({ hidden: ['Nord'] })),
  'GET /v1/tags': lists(query('limit=200')),
  'POST /v1/tags/rename': tenantsAdmins(body({ from: ['x'], to: 'y' })),

  'GET /v1/me': ofTheTenant(({ tenant }) => ({ hidden: [tenant] })),
};
