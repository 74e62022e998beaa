import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiControllers } from '../src/api-controllers.js';
import { openApiOf } from '../src/docs/openapi.js';
import { routesIn } from '../src/http/controller.js';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

interface Operation {
  operationId: string;
  summary: string;
  parameters?: { in: string; name: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: object }> }>;
}
const document = openApiOf(routesIn(apiControllers));
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation as unknown as Operation] as const),
);

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

describe('the document', () => {
  it('is what is served', async () => {
    const { status, json, headers } = await gateway.call('GET', '/openapi.json');
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(json).toEqual(JSON.parse(JSON.stringify(document)));
    expect(document.openapi).toBe('3.1.0');
  });

  it('has nothing that points nowhere', () => {
    const seen = new Set<string>();
    const look = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        if (key === '$ref') seen.add(inner as string);
        else look(inner);
      }
    };
    look(document);
    const target = (ref: string) =>
      ref
        .replace(/^#\//, '')
        .split('/')
        .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document);
    expect([...seen].filter((ref) => !ref.startsWith('#/components/') || target(ref) === undefined)).toEqual([]);
    const unused = Object.keys(document.components.schemas).filter((name) => !seen.has(`#/components/schemas/${name}`));
    expect(unused).toEqual([]);
    expect(JSON.stringify(document)).not.toContain('$defs');
  });

  it('names every operation once', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(operations)('describes %s in full', (name, { summary, parameters = [], requestBody, responses }) => {
    expect(summary).not.toBe('');
    const inPath = [...name.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    expect(parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)).toEqual(inPath);
    expect(parameters.filter((parameter) => parameter.in === 'path' && !parameter.required)).toEqual([]);
    const statuses = Object.keys(responses);
    expect(statuses).toEqual(expect.arrayContaining(['400', '401', '403', '500', '503', '504', ...(inPath.length ? ['404'] : [])]));
    const [success] = statuses.filter((status) => status.startsWith('2'));
    expect(success).toBeDefined();
    if (success !== '204') expect(Object.values(responses[success ?? '']?.content ?? {})[0]?.schema).toBeDefined();
    if (name.startsWith('PATCH') || (name.startsWith('PUT') && success !== '204')) expect(requestBody).toBeDefined();
    if (requestBody) expect(statuses).toEqual(expect.arrayContaining(['413', '415']));
    if (name.startsWith('GET')) expect(requestBody).toBeUndefined();
  });

  it('has these operations', () => {
    expect(operations.map(([name, { operationId }]) => `${name}: ${operationId}`)).toMatchSnapshot();
  });
});

describe('every route', () => {
  const address = (name: string): [string, string] => {
    const [method = '', path = ''] = name.split(' ');
    return [method, path.replaceAll(/\{\w+\}/g, randomUUID())];
  };
  const names = operations.map(([name]) => name);

  it.each(names)('%s needs a token', async (name) => {
    const [method, path] = address(name);
    expect(problemIn(await gateway.call(method, path))).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it.each(names)('%s is there', async (name) => {
    const [method, path] = address(name);
    const as = await gateway.as();
    const answer = await as(method, path, ['PATCH', 'PUT'].includes(method) ? {} : undefined);
    // No service runs here, so whatever needs one is unavailable.
    expect([200, 400, 415, 503]).toContain(answer.status);
  });

  it.each(names.filter((name) => !/^GET|permissions|notifications|bulk|comments/.test(name)))(
    '%s is not for light agents',
    async (name) => {
      const [method, path] = address(name);
      const as = await gateway.as({ roles: ['light_agent'] });
      expect(problemIn(await as(method, path)).code).toBe('forbidden');
    },
  );
});

describe('the pages', () => {
  it('load everything from here', async () => {
    const page = await gateway.call('GET', '/docs');
    expect(page.status).toBe(200);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(part).toMatch(/^\.\/docs\//);
      expect((await gateway.call('GET', part.slice(1))).status).toBe(200);
    }
    // The policy lets scripts in only as files of their own.
    expect(page.text).not.toMatch(/<script(?![^>]*\ssrc=)[^>]*>\s*\S/);
    expect((await gateway.call('GET', '/docs/swagger-ui-init.js')).text).toContain('/v1/contacts/bulk');
  });

  it('are found from the start', async () => {
    expect((await gateway.call('GET', '/')).json).toEqual({ name: 'Kontor', docs: '/docs', openapi: '/openapi.json' });
  });
});
