import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Contact, Customer, SearchAnswer } from '@kontor/contracts';
import { problemIn } from '../test/start-gateway.js';
import { type Hub, ok, startHub } from './start-hub.js';

let hub: Hub;
let call: Awaited<ReturnType<Hub['agent']>>['call'];
beforeAll(async () => {
  hub = await startHub();
  ({ call } = await hub.agent());
}, 120_000);
afterAll(() => hub.stop());

/** Holds events of people's changes up, from search only; undone by a moment in the past. */
const holdUp = async (until: string) => {
  for (const name of ['index-people', 'index-customers-people']) {
    const { connection } = hub.world.bus;
    const reply = await connection.request(`$JS.API.CONSUMER.PAUSE.EVENTS.search-${name}`, JSON.stringify({ pause_until: until }));
    expect(reply.json()).not.toHaveProperty('error');
  }
};
const search = (q: string, seen: string) => call<SearchAnswer>('GET', `/v1/search?q=${q}`, undefined, { 'kontor-seen': seen });
const names = async (q: string, seen: string) => ok<SearchAnswer>(await search(q, seen)).hits.map(({ displayName }) => displayName);
const seenIn = (answer: { headers: Headers }) => answer.headers.get('kontor-seen') ?? '';

describe('Kontor-Seen', () => {
  it('10 shows what was written in the next search, also when the events are late', async () => {
    const made = await call('POST', '/v1/contacts', { firstName: 'Ina', lastName: 'Sofort' });
    const { id } = ok<Contact>(made, 201);
    expect(seenIn(made)).toBe(`contact:${id}:1`);
    expect(await names('sofort', seenIn(made))).toEqual(['Ina Sofort']);

    await holdUp('2100-01-01T00:00:00Z');
    const changed = await call('PATCH', `/v1/contacts/${id}`, { firstName: 'Eva' });
    const contacts = [{ lastName: 'Sofort', firstName: 'Uwe' }];
    const firm = await call('POST', '/v1/customers', { name: 'Sofort GmbH', contacts });
    expect(seenIn(changed)).toBe(`contact:${id}:2`);
    expect(seenIn(firm).split(', ')).toHaveLength(2);
    ok<Customer>(firm, 201);
    const waiting = names('sofort', `${seenIn(changed)}, ${seenIn(firm)}`);
    expect(await names('first:ina', seenIn(made))).toEqual(['Eva Sofort']);
    await holdUp('2000-01-01T00:00:00Z');
    expect((await waiting).sort()).toEqual(['Eva Sofort', 'Sofort GmbH', 'Uwe Sofort']);
    expect(await names('ina', seenIn(changed))).toEqual([]);
  }, 30_000);

  it('10 waits for nothing that was deleted', async () => {
    const made = await call('POST', '/v1/contacts', { lastName: 'Vorbei' });
    const { id } = ok<Contact>(made, 201);
    ok(await call('DELETE', `/v1/contacts/${id}`), 204);
    expect(await names('vorbei', seenIn(made))).toEqual([]);
  });

  it('10 refuses after five seconds what does not come, and says when to ask again', async () => {
    const { id } = ok<Contact>(await call('POST', '/v1/contacts', { lastName: 'Niemals' }), 201);
    const refused = await search('niemals', `contact:${id}:99`);
    expect(problemIn(refused)).toMatchObject({ status: 503, code: 'unavailable', detail: expect.stringContaining('Kontor-Seen') });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(problemIn(await search('niemals', 'contact:x:1'))).toMatchObject({ status: 400, code: 'invalid' });
  }, 30_000);
});
