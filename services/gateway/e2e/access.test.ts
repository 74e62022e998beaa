import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact, Customer, SearchAnswer } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { type Hub, ok, startHub } from './start-hub.js';

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(() => hub.stop());

describe('2.10 access in search', () => {
  it('2.10 what an agent may not see is in no hit, total or facet, and comes and goes with the access of contact and customer', async () => {
    const tenant = randomUUID();
    const { call: owner } = await hub.agent({ tenant, sub: 'owner', roles: ['agent'] });
    const { call: other } = await hub.agent({ tenant, sub: 'other', roles: ['agent'], teams: ['Nord'] });
    const { id: otherId } = ok<{ id: string }>(await other('GET', '/v1/me'));
    const { id: customerId } = ok<Customer>(await owner('POST', '/v1/customers', { name: 'Kanarienvogel GmbH' }), 201);
    const person = { lastName: 'Kanarienvogel', customerId };
    const open = ok<Contact>(await owner('POST', '/v1/contacts', { ...person, firstName: 'Offen' }), 201);
    const hidden = ok<Contact>(
      await owner('POST', '/v1/contacts', { ...person, firstName: 'Verdeckt', tags: ['verdeckt'], access: { restricted: true } }),
      201,
    );
    const search = async (call: typeof owner) => ok<SearchAnswer>(await call('GET', '/v1/search?q=kanarienvogel&kind=contact&facets=tag'));
    const sees = (call: typeof owner, ids: string[], tags: Record<string, number>) =>
      eventually(async () => {
        const answer = await search(call);
        expect(answer.hits.map(({ id }) => id).sort()).toEqual([...ids].sort());
        expect(answer.total).toEqual({ value: ids.length, relation: 'exact' });
        expect(answer.facets?.tag).toEqual(tags);
      }, 15_000);

    await sees(owner, [open.id, hidden.id], { verdeckt: 1 });
    await sees(other, [open.id], {});
    // The customer is restricted: the contacts go with it, though nothing about them has changed.
    ok(await owner('PATCH', `/v1/customers/${customerId}`, { access: { restricted: true, teams: [{ name: 'Nord', rights: 'read' }] } }));
    await sees(other, [open.id], {});
    ok(await owner('PATCH', `/v1/customers/${customerId}`, { access: { teams: [] } }));
    await sees(other, [], {});
    ok(await owner('PATCH', `/v1/customers/${customerId}`, { access: { restricted: false } }));
    ok(await owner('PATCH', `/v1/contacts/${hidden.id}`, { access: { agents: [{ id: otherId, rights: 'read' }] } }));
    await sees(other, [open.id, hidden.id], { verdeckt: 1 });
  });
});
