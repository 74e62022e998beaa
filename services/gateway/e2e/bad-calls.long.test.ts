import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problemIn } from '../test/start-gateway.js';
import { cursor, membersOf, type OpenApi, oddities, something, texts, wellFormed } from './odd-inputs.js';
import { type Hub, startHub } from './start-hub.js';

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(() => hub.stop());

describe('10 whatever is sent to whichever route', () => {
  it('10 is answered or refused with a problem that says why, never with a 500', async () => {
    const document = (await hub.call<OpenApi>('GET', '/openapi.json')).json as unknown as OpenApi;
    const { call } = await hub.agent();
    const wrong: string[] = [];
    let calls = 0;
    const attempt = async (method: string, path: string, body?: unknown) => {
      calls++;
      const answer = await call(method, path, body, body === undefined ? {} : { 'content-type': 'application/json', 'if-match': '"1"' });
      if (answer.status < 400) return;
      const said = `${method} ${path.slice(0, 200)} ${String(JSON.stringify(body)).slice(0, 150)} → ${answer.text.slice(0, 200)}`;
      try {
        if (problemIn(answer).status >= 500) wrong.push(said);
      } catch {
        wrong.push(said);
      }
    };
    for (const [template, operations] of Object.entries(document.paths)) {
      if (!template.startsWith('/v1/') || template.includes('progress')) continue;
      const ids = await something(call);
      const noun = template.split('/')[2] ?? '';
      const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'id' ? (ids[noun] ?? randomUUID()) : randomUUID()));
      for (const [method, operation] of Object.entries(operations)) {
        const verb = method.toUpperCase();
        const schema = Object.entries(operation.requestBody?.content ?? {}).find(([type]) => type.includes('json'))?.[1].schema;
        const works: (() => Promise<void>)[] = [];
        if (schema) {
          for (const text of texts) works.push(() => attempt(verb, filled, text));
          for (const name of membersOf(schema, document))
            for (const oddity of oddities) {
              works.push(() => attempt(verb, filled, { [name]: oddity }));
              if (name === 'items' || name === 'change' || name === 'caller')
                works.push(() => attempt(verb, filled, { [name]: [{ data: oddity }] }));
            }
        }
        for (const { name, in: place } of operation.parameters ?? [])
          if (place === 'query' && verb === 'GET')
            for (const oddity of [
              ...oddities.filter((one) => typeof one !== 'object'),
              cursor(name),
              cursor('createdAt'),
              'x'.repeat(3000),
            ])
              works.push(() => attempt(verb, `${filled}?${name}=${encodeURIComponent(wellFormed(oddity))}`));
        while (works.length > 0) await Promise.all(works.splice(0, 16).map((work) => work()));
      }
    }
    expect(calls).toBeGreaterThan(1000);
    expect(wrong).toEqual([]);
  }, 600_000);

  it('10 nor is a 500 hidden in an item of many', async () => {
    const { call } = await hub.agent();
    const { contacts } = await something(call);
    const keys = ['a\u0000', 'half \ud800', '__proto__', 'constructor', 'x'.repeat(9999)];
    const odd = [...oddities, ...keys.map((key) => Object.fromEntries([[key, 1]])), ...keys.map((key) => ({ a: [{ [key]: key }] }))];
    const record = [
      'title',
      'status',
      'amount',
      'currency',
      'dueAt',
      'url',
      'customerId',
      'contactId',
      'contact',
      'data',
      'source',
      'kind',
    ];
    const contact = [
      'firstName',
      'birthday',
      'language',
      'customerId',
      'ownerId',
      'access',
      'tags',
      'customFields',
      'phones',
      'links',
      'notes',
    ];
    const items = (fields: string[], base: object) => fields.flatMap((field) => odd.map((value) => ({ ...base, [field]: value })));
    const bodies: [string, string, object[], (items: object[]) => object][] = [
      ['PUT', '/v1/records', items(record, { source: 's', externalId: '1', kind: 'ticket' }), (all) => ({ items: all })],
      ['POST', '/v1/contacts/bulk', items(contact, { lastName: 'A' }), (all) => ({ items: all })],
      ['PUT', '/v1/contacts', items(contact, { emails: [{ address: 'a@b.example' }] }), (all) => ({ match: 'email', items: all })],
      ...items(contact, {}).map((change): [string, string, object[], (all: object[]) => object] => [
        'PATCH',
        '/v1/contacts',
        [change],
        ([only]) => ({ ids: [contacts], change: only }),
      ]),
    ];
    const wrong: string[] = [];
    for (const [method, path, all, wrap] of bodies)
      for (let i = 0; i < all.length; i += 40) {
        const answer = await call(method, path, wrap(all.slice(i, i + 40)));
        if (answer.status >= 500) wrong.push(`${method} ${path} ${i} ${answer.text.slice(0, 300)}`);
        if (answer.text.includes('"internal"')) wrong.push(answer.text);
      }
    expect(wrong).toEqual([]);
  }, 120_000);
});
