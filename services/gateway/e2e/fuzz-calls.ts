// Makes calls that are wrong in some way, or only odd, for every route of the document.
import type { Dice } from '@kontor/testing';
import { cursor, membersOf, type OpenApi, type Operation, oddities, type Schema, texts } from './odd-inputs.js';

export interface RawCall {
  method: string;
  /** As it stands in the first line of the call, so that nothing puts it right on the way. */
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer;
}
export interface RouteToTry {
  method: string;
  template: string;
  operation: Operation;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
export const routesOf = ({ paths }: OpenApi): RouteToTry[] =>
  Object.entries(paths).flatMap(([template, operations]) =>
    Object.entries(operations)
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({ method: method.toUpperCase(), template, operation })),
  );

const SEGMENTS = [
  '%00',
  '%ED%A0%80',
  '%',
  '%zz',
  '%2e%2e%2f',
  '..',
  '',
  '%20',
  '__proto__',
  'constructor',
  '0',
  '-1',
  "';--",
  '*',
  '%F0%9F%98%80',
];
const TAGS = ['*', '"1"', 'W/"1"', '"', '""', '"0"', '"-1"', '"1e309"', '"99999999999999999999"', '"1", "2"', '1', '%00', '"\u00e9"', ''];
const KEYS = ['', ' ', 'x', 'x'.repeat(255), 'x'.repeat(256), '\u00e9', '__proto__', 'a,b', '"', '%00', 'a\tb'];
const TYPES = [
  'text/plain',
  'application/json; charset=utf-16',
  'application/json;',
  'application/merge-patch+json',
  'application/JSON',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'multipart/form-data; boundary=',
  'application/x-www-form-urlencoded',
  'image/png',
  'image/jpeg',
  'x',
  '/',
];
const NUMBERS = ['1e309', '-1e309', '-0', '1e-400', '9007199254740993', '0x10', '1.0', '٣', 'NaN', 'Infinity', '+1', ' 1'];
const FILES = [
  Buffer.alloc(0),
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  Buffer.from('GIF89a'),
  Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
  Buffer.from([0xff, 0xfe, 0x00, 0xd8]),
  Buffer.from('E-mail,First Name\r\na@b.example,"A\r\n'),
  Buffer.from('E-mail;First Name\r\n\u0000;__proto__\r\n'),
  Buffer.from('\ufeff"E-mail","E-mail","",constructor\r\n1e309,-1,"",""\r\n'),
  Buffer.alloc(70_000, 'x'),
];
const HEADERS: Record<string, string[]> = {
  'if-match': TAGS,
  'if-none-match': TAGS,
  'kontor-seen': [...TAGS, ...KEYS, 'a=1', 'contact=1,customer=-1', 'MA==', 'eyJfX3Byb3RvX18iOjF9'],
  'idempotency-key': KEYS,
  'x-request-id': KEYS,
  traceparent: ['00-0-0-0', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`, `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`, 'x'],
  'content-type': TYPES,
  'content-encoding': ['gzip', 'br', 'identity', 'x', ''],
  accept: ['*/*', 'x', '', 'text/csv;q=2', 'image/webp,'],
  'accept-language': ['x', '*', 'de;q=nan', '\u00e9'],
  range: ['bytes=0-', 'bytes=9-1', 'bytes=-1', 'x'],
  origin: ['null', 'x', 'http://a b'],
  'x-http-method-override': ['DELETE'],
};

export function callMaker(document: OpenApi, of: Dice, token: string) {
  const json = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const resolved = (schema: Schema | undefined): Schema | undefined =>
    schema?.$ref ? document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] : (schema?.anyOf?.[0] ?? schema);
  const odd = () => of.pick(oddities);
  /** In an address, also bytes that are no UTF-8. */
  const oddParameter = () => {
    const value = of.chance(0.4) ? of.pick([...SEGMENTS, ...NUMBERS.map(encodeURIComponent)]) : undefined;
    if (value !== undefined) return value;
    const one = odd();
    const text = typeof one === 'object' ? JSON.stringify(one) : String(one);
    return encodeURIComponent(text.slice(0, 2000).toWellFormed());
  };
  const oddCursor = () => {
    const some = JSON.stringify(Array.from({ length: of.upTo(4) }, odd)).slice(0, 3000);
    return of.pick([
      cursor(of.pick(['name', 'createdAt', '-updatedAt', '__proto__'])),
      Buffer.from(some).toString('base64url'),
      'bnVsbA',
      'e30',
    ]);
  };

  const filled = ({ template }: RouteToTry, ids: Record<string, string>) => {
    const noun = template.split('/')[2] ?? '';
    const other = ids[template.includes('members') ? 'contacts' : noun] ?? ids.contacts ?? '';
    return template.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'id' ? (ids[noun] ?? other) : other));
  };
  const queryOf = ({ operation }: RouteToTry) => (operation.parameters ?? []).filter((one) => one.in === 'query');

  /** What a parameter may be, as far as the document says. */
  function plausible({ name, schema }: { name: string; schema?: Schema }, ids: Record<string, string>): string {
    const { type, format, enum: values } = resolved(schema) ?? {};
    if (values) return encodeURIComponent(String(of.pick(values)));
    if (type === 'boolean') return of.pick(['true', 'false']);
    if (type === 'integer' || type === 'number') return '1';
    if (format === 'date-time') return '2026-01-01T00:00:00Z';
    if (format === 'date') return '2026-01-01';
    if (format === 'uuid' || /Id$/.test(name)) return ids.contacts ?? '';
    if (name === 'cursor') return cursor('name');
    return 'a';
  }

  /** Each parameter alone and all together, with plausible values: nobody may have forgotten one of them. */
  function withParameters(route: RouteToTry, ids: Record<string, string>): RawCall[] {
    const all = queryOf(route);
    const required = all.filter((one) => one.required);
    const write = (some: typeof all) => [...new Set(some)].map((one) => `${one.name}=${plausible(one, ids)}`).join('&');
    const queries = ['', ...all.map((one) => write([...required, one])), write(all), write(all.filter(({ name }) => name !== 'cursor'))];
    const body = route.operation.requestBody ? { body: '{}' } : {};
    return queries.map((query) => ({ method: route.method, path: `${filled(route, ids)}?${query}`, headers: json, ...body }));
  }

  function oddBody(operation: Operation): string | Buffer {
    const types = operation.requestBody?.content ?? {};
    const schema = Object.entries(types).find(([type]) => type.includes('json'))?.[1].schema;
    const names = membersOf(schema, document);
    if (names.length === 0 || of.chance(0.15))
      return of.pick([
        ...texts,
        Buffer.from([0xff, 0xfe, 0x00]),
        Buffer.from('{"a":"\xed\xa0\x80"}', 'latin1'),
        '--x\r\n\r\n--x--',
        '['.repeat(9_000),
        `[${'1,'.repeat(260_000)}1]`,
      ]);
    const value = (): unknown => {
      const one = odd();
      return of.pick([one, one, [one], { [of.pick(names)]: one }, [{ [of.pick(names)]: one }], { data: one }, { set: one }]);
    };
    const members = of
      .some(names, 3)
      .map((name) => `${JSON.stringify(name)}:${of.chance(0.15) ? of.pick(NUMBERS.slice(0, 5)) : JSON.stringify(value())}`);
    return `{${members.join(',')}}`;
  }

  /** A form with odd parts, or a picture that is none; undefined where JSON is taken. */
  function oddFile(operation: Operation): { type: string; body: Buffer } | undefined {
    const types = operation.requestBody?.content ?? {};
    const form = types['multipart/form-data'];
    const image = Object.keys(types).filter((type) => type.startsWith('image/'));
    if (image.length > 0) return { type: of.pick(image), body: Buffer.concat(of.some(FILES, 3)) };
    if (!form) return undefined;
    const names = [...membersOf(form.schema, document), 'file', '__proto__', ''];
    const parts = Array.from({ length: of.upTo(4) }, () => {
      const file = of.chance(0.5) ? `; filename="${of.pick(['a.csv', '', '../../x', 'x'.repeat(3000), 'a\u0000b', '__proto__'])}"` : '';
      const head = `--x\r\nContent-Disposition: form-data; name="${file && of.chance(0.7) ? 'file' : of.pick(names)}"${file}\r\n\r\n`;
      return Buffer.concat([
        Buffer.from(head),
        file ? of.pick(FILES) : Buffer.from(JSON.stringify(odd()).slice(0, 3000)),
        Buffer.from('\r\n'),
      ]);
    });
    return {
      type: 'multipart/form-data; boundary=x',
      body: Buffer.concat([...parts, Buffer.from(of.pick(['--x--\r\n', '--x--', '', '--x']))]),
    };
  }

  const oddToken = () => {
    const at = of.upTo(token.length - 1);
    return of.pick([
      `Bearer ${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`,
      `Bearer ${token.slice(0, at)}`,
      `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`,
      `Bearer ${Buffer.from(JSON.stringify(odd())).toString('base64url').slice(0, 4000)}..`,
      `Basic ${token}`,
      'Bearer',
      '',
      'Bearer \u00e9',
    ]);
  };

  const oddQuery = (route: RouteToTry) => {
    const names = [...queryOf(route).map(({ name }) => name), '__proto__', 'a[b]', 'constructor', '', '%00', 'id', 'caller'];
    const one = () => {
      const name = of.pick(names);
      const value = name === 'cursor' ? oddCursor() : oddParameter();
      // Once, several times, as a list, or without a value.
      return of.pick([
        `${name}=${value}`,
        `${name}=${value}`,
        `${name}=a&${name}=${value}`,
        `${name}[]=${value}`,
        `${name}`,
        `${name}[x]=${value}`,
      ]);
    };
    return of.pick(['?', '?', '?', '??', '?&']) + Array.from({ length: 1 + of.upTo(3) }, one).join('&');
  };

  /** One call that is odd in one or two ways. */
  function oddCall(route: RouteToTry, ids: Record<string, string>): RawCall {
    const call: RawCall = { method: route.method, path: filled(route, ids), headers: { ...json } };
    const file = of.chance(0.8) ? oddFile(route.operation) : undefined;
    if (file) {
      call.headers['content-type'] = file.type;
      call.body = file.body;
    } else if (route.operation.requestBody) call.body = oddBody(route.operation);
    else if (of.chance(0.05)) call.body = of.pick(texts);
    if (of.chance(route.operation.requestBody ? 0.2 : 0.7)) call.path += oddQuery(route);
    if (of.chance(0.15)) {
      const parts = call.path.split('/');
      parts[1 + of.upTo(parts.length - 2)] = oddParameter();
      call.path = parts.join('/');
    }
    for (let more = of.upTo(2); more > 0; more--) {
      const name = of.pick(Object.keys(HEADERS));
      call.headers[name] = of.pick(HEADERS[name] ?? ['']);
    }
    if (of.chance(0.05)) call.headers.authorization = oddToken();
    if (of.chance(0.02)) call.method = of.pick(['PUT', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH']);
    return call;
  }
  return { withParameters, oddCall };
}
