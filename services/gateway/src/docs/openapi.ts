import { type ErrorCode, Problem, statusOf } from '@kontor/contracts';
import { z } from 'zod';
import { membersInHeaders } from '../http/input.js';
import type { Route } from '../http/route.js';
import { kindWritten, SEEN } from '../http/seen.js';
import { Schemas } from './schemas.js';

type Json = Record<string, unknown>;

export interface OpenApi {
  openapi: '3.1.0';
  info: Json;
  servers: Json[];
  security: Json[];
  tags: Json[];
  paths: Record<string, Record<string, Json>>;
  components: { schemas: Json; responses: Json; securitySchemes: Json };
}

const tagTexts: Record<string, string> = {
  customers: 'Companies, and departments of companies, that are served',
  contacts: 'People, who may belong to one customer or to none; what they may see and which mail they get',
  records: 'Tickets, invoices, projects and what else belongs to customers and contacts, with private comments',
  projects: 'Records of the kind project, and the contacts that are their members',
  merges: 'What was merged, and undoing it',
  search: 'Finding contacts and customers by anything that is known of them',
  imports: 'Taking in files of contacts',
  settings: 'Settings of the tenant, and the lists to choose from',
  me: 'Who is calling',
};

/** Makes the document from the routes and their contracts; nothing in it is written a second time. */
export function openApiOf(routes: Route[]): OpenApi {
  const schemas = new Schemas();
  const paths: OpenApi['paths'] = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, schemas) };
  }
  const problem = schemas.output(Problem);
  const responses = Object.fromEntries(
    [...new Set(Object.values(statusOf))].map((status) => [
      `Problem${status}`,
      { description: codesOf(status).join(', '), content: { 'application/problem+json': { schema: problem } } },
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kontor',
      version: '1',
      description: [
        'Customers, contacts, their permissions and mail, imports and search.',
        'Every error is a problem (RFC 9457) with a stable `code`, what is wrong in `detail`, and one entry in `errors` for each wrong field.',
        'What has a `version` says it as `ETag`; a change with `If-Match` is made only to that version.',
        `A write of contacts or customers says what it made as \`${SEEN}\`; a search that is sent this shows it, however far the index is.`,
      ].join('\n\n'),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name, description: tagTexts[name] ?? name })),
    paths,
    components: {
      schemas: schemas.components,
      responses,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'OpenID Connect access token' } },
    },
  };
}

const audienceTexts = { admins: 'For admins.', agents: 'For admins and agents.', readers: 'For everybody with a role.', services: '' };

function operation(route: Route, schemas: Schemas): Json {
  const shape = route.input.shape as Record<string, z.ZodType>;
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
  const names = Object.keys(shape).filter((name) => !inPath.includes(name) && !membersInHeaders.includes(name));
  const inQuery = route.method === 'GET' || route.form ? names : (route.query ?? []);
  const takesBody =
    !route.form &&
    !route.takes &&
    (route.body !== undefined || (['POST', 'PUT', 'PATCH'].includes(route.method) && names.length > inQuery.length));
  const parameters = [
    ...inPath.map((name) => parameter('path', name, shape[name], schemas)),
    ...inQuery.map((name) => parameter('query', name, shape[name], schemas)),
    ...headers(route),
  ];
  return {
    operationId: route.name,
    tags: [route.tag],
    summary: route.summary,
    description: audienceTexts[route.audience],
    ...(parameters.length > 0 && { parameters }),
    ...(takesBody && { requestBody: jsonBody(route, schemas) }),
    ...(route.form && { requestBody: { required: true, content: { 'multipart/form-data': { schema: schemas.input(route.form) } } } }),
    ...(route.takes && { requestBody: { required: true, content: contentOf(route.takes, schemas) } }),
    responses: { ...success(route, schemas), ...problems(route, inPath.length > 0, takesBody || Boolean(route.form ?? route.takes)) },
  };
}

function parameter(place: 'path' | 'query', name: string, type: z.ZodType | undefined, schemas: Schemas): Json {
  const { description, ...schema } = schemas.input(type ?? z.string());
  const required = place === 'path' || !type?.safeParse(undefined).success;
  return { in: place, name, required, ...(description !== undefined && { description }), schema };
}

function headers(route: Route): Json[] {
  const text = (name: string, description: string) => ({ in: 'header', name, required: false, description, schema: { type: 'string' } });
  return [
    ...(isConditional(route) ? [text('If-Match', 'the ETag of the version to change; a newer one is a 412')] : []),
    ...(route.method === 'GET' && hasTag(route)
      ? [text('If-None-Match', 'the ETag that is known; if it still is the present one, 304')]
      : []),
    ...('seen' in route.input.shape
      ? [
          text(
            SEEN,
            'what writes said in their answers, one or several separated by commas, at most 50: these versions or later ones are shown',
          ),
        ]
      : []),
    ...(route.method === 'POST' ? [text('Idempotency-Key', 'repeated with the same key within 24 hours, the call has one effect')] : []),
  ];
}

const isVersioned = ({ output }: Route) => output instanceof z.ZodObject && 'version' in output.shape;
const hasTag = (route: Route) => (route.tagged ? route.method === 'GET' : isVersioned(route));
const isConditional = (route: Route) => (route.tagged ? route.method !== 'GET' : 'version' in route.input.shape);

const contentOf = (types: Record<string, z.ZodType>, schemas: Schemas): Json =>
  Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema: schemas.input(schema) }]));

const withoutMembers = (shape: z.ZodObject['shape'], names: string[]) =>
  Object.fromEntries(Object.entries(shape).filter(([name]) => !names.includes(name)));

function jsonBody(route: Route, schemas: Schemas): Json {
  const { query = [] } = route;
  const ofBody = query.length > 0 ? z.strictObject(withoutMembers(route.input.shape, query)) : route.input;
  const schema = schemas.input(route.body === undefined ? ofBody : (route.input.shape[route.body] as z.ZodType));
  const types = route.method === 'PATCH' ? ['application/merge-patch+json', 'application/json'] : ['application/json'];
  return { required: true, content: Object.fromEntries(types.map((type) => [type, { schema }])) };
}

const seenText =
  'what was written, as <kind>:<id>:<version>, several separated by comma and space; none when nothing was, when a job goes on with it, or when it is more than 50';

function success(route: Route, schemas: Schemas): Json {
  const etag = { description: 'the version', schema: { type: 'string' } };
  const headers = {
    ...(hasTag(route) && { ETag: etag }),
    ...(kindWritten(route) && { [SEEN]: { description: seenText, schema: { type: 'string' } } }),
    ...(route.status === 201 && { Location: { description: 'where it is', schema: { type: 'string' } } }),
  };
  const content = route.produces
    ? Object.fromEntries([route.produces].flat().map((type) => [type, { schema: textOrBytes(type) }]))
    : route.output && { 'application/json': { schema: schemas.output(route.output) } };
  const answer = { description: 'Done', ...(Object.keys(headers).length > 0 && { headers }), ...(content && { content }) };
  return {
    [route.status]: answer,
    ...(route.form && { 202: { ...answer, description: 'Done, and started' } }),
    ...(route.method === 'GET' && hasTag(route) && { 304: { description: 'Still the version that is known' } }),
  };
}

const textOrBytes = (type: string): Json => ({ type: 'string', ...(/^image\/(?!svg)/.test(type) && { format: 'binary' }) });

function problems(route: Route, hasPath: boolean, hasBody: boolean): Json {
  const statuses = [
    400,
    401,
    403,
    ...(hasPath ? [404] : []),
    ...(route.method === 'GET' ? [] : [409]),
    ...(isConditional(route) ? [412] : []),
    ...(hasBody ? [413, 415] : []),
    ...(route.method === 'POST' || route.takes ? [422] : []),
    429,
    500,
    503,
    504,
  ];
  return Object.fromEntries(statuses.map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]));
}

const codesOf = (status: number) => (Object.keys(statusOf) as ErrorCode[]).filter((code) => statusOf[code] === status);
