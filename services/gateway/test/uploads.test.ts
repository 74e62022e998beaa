import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError, type Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { type ObjectStore, Objm } from '@nats-io/obj';
import { answer, standIn } from './stand-in.js';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

const ID = '018f0000-0000-7000-8000-000000000001';
const anImport: k.Import = {
  ...{ id: ID, kind: 'contacts', fileName: 'people.csv', state: 'uploaded', columns: [], mapping: { columns: [], onKnown: 'update' } },
  progress: { rows: 0, done: 0, created: 0, updated: 0, skipped: 0, rejected: 0, warnings: 0, rowsPerSecond: null, secondsLeft: null },
  ...{ createdAt: '2026-01-31T10:00:00.000Z', startedAt: null, finishedAt: null },
};

let gateway: Gateway;
let as: Awaited<ReturnType<Gateway['as']>>;
let store: ObjectStore;
let got: { input: k.InputOf<typeof k.createImport>; context: Context; bytes: number } | undefined;
let failure: Error | undefined;
let reads: (() => k.Import)[] = [];
let read = 0;

const importer = standIn('import', [
  answer(k.createImport, async (input, context) => {
    got = { input, context, bytes: (await store.info(input.file))?.size ?? -1 };
    if (failure) throw failure;
    return anImport;
  }),
  answer(k.getImport, () => {
    read++;
    return (reads.length > 1 ? reads.shift() : reads[0])?.() ?? anImport;
  }),
  answer(k.getImportSample, () => ({ csv: 'firstName\r\nAnna\r\n' })),
  answer(k.listRejectedRows, ({ which, after }) => {
    if (after === 2000) throw new Error('broken');
    const csv = `${after === 0 ? 'name,reason\r\n' : ''}${which} ${after}\r\n`;
    return { csv, next: which === 'warnings' ? after + 1000 : after < 3 ? after + 1 : null };
  }),
]);

beforeAll(async () => {
  gateway = await startGateway({ services: [importer], env: { KONTOR_MAX_UPLOAD_MB: '8' } });
  as = await gateway.as({ roles: ['agent'] });
  store = await new Objm(gateway.world.bus.connection).open(k.IMPORT_BUCKET);
});
afterAll(() => gateway.stop());
beforeEach(() => {
  got = failure = undefined;
  reads = [];
});

const form = (parts: [string, string | Uint8Array, string?][]) => {
  const made = new FormData();
  for (const [name, value, fileName] of parts) {
    if (fileName === undefined) made.append(name, String(value));
    else made.append(name, new Blob([value as Uint8Array<ArrayBuffer>]), fileName);
  }
  return made;
};
const csv = Buffer.from('firstName\r\nAnna\r\n');
/** What the store really holds, chunks of broken uploads too. */
const kept = async () => ({
  objects: (await store.list()).filter((object) => !object.deleted).length,
  bytes: (await store.status()).size,
});

describe('an upload', () => {
  it('is kept in the store, and the import service is sent its location', async () => {
    const file = randomBytes(3 * 1024 * 1024);
    const made = await as('POST', '/v1/imports', form([['file', file, 'Lüte.csv']]), { 'idempotency-key': 'once' });
    expect([made.status, made.headers.get('location'), made.json]).toEqual([201, `/v1/imports/${ID}`, anImport]);
    expect(got).toMatchObject({ input: { fileName: 'Lüte.csv', kind: 'contacts', start: false }, bytes: file.length });
    expect(got?.context).toMatchObject({ roles: ['agent'], idempotencyKey: 'once', door: 'api' });
    expect(Buffer.compare(Buffer.from((await store.getBlob(got?.input.file ?? '')) ?? []), file)).toBe(0);
  });

  it.each([
    ['in the address', '?start=true&onKnown=skip', [['file', csv, 'a.csv']]],
    [
      'before the file',
      '',
      [
        ['start', 'true'],
        ['onKnown', 'skip'],
        ['file', csv, 'a.csv'],
      ],
    ],
    [
      'after the file',
      '',
      [
        ['file', csv, 'a.csv'],
        ['start', 'true'],
        ['onKnown', 'skip'],
        ['kind', 'contacts'],
      ],
    ],
  ] as [string, string, [string, string | Uint8Array, string?][]][])('takes its options %s', async (_, query, parts) => {
    const made = await as('POST', `/v1/imports${query}`, form(parts));
    expect([made.status, made.headers.get('location')]).toEqual([202, `/v1/imports/${ID}`]);
    expect(got?.input).toMatchObject({ start: true, onKnown: 'skip', kind: 'contacts' });
  });

  const refused: [string, string, [string, string | Uint8Array, string?][], number, string][] = [
    ['without a file', '', [['start', 'true']], 400, 'file: is missing'],
    ['with the file as a text', '', [['file', 'a,b']], 400, 'file: is missing'],
    ['with the file under another name', '', [['upload', csv, 'a.csv']], 400, 'upload: is not the part'],
    [
      'with two files',
      '',
      [
        ['file', csv, 'a.csv'],
        ['file', csv, 'b.csv'],
      ],
      413,
      'limit',
    ],
    [
      'with an unknown option',
      '',
      [
        ['file', csv, 'a.csv'],
        ['shoe', '1'],
      ],
      400,
      'shoe: is not a known field',
    ],
    ['with an unknown option in the address', '?shoe=1', [['file', csv, 'a.csv']], 400, 'shoe: is not a known parameter'],
    [
      'with a wrong option',
      '',
      [
        ['file', csv, 'a.csv'],
        ['start', 'yes'],
      ],
      400,
      'start: ',
    ],
    ['with a wrong kind', '?kind=shoes', [['file', csv, 'a.csv']], 400, 'kind: '],
    ['that is too large', '', [['file', Buffer.alloc(9 * 1024 * 1024), 'a.csv']], 413, '8 MB'],
  ];
  it.each(refused)('%s is refused and leaves nothing behind', async (_, query, parts, status, detail) => {
    const before = (await kept()).objects;
    const problem = problemIn(await as('POST', `/v1/imports${query}`, form(parts)));
    expect(problem).toMatchObject({ status, detail: expect.stringContaining(detail) });
    expect(got).toBeUndefined();
    expect((await kept()).objects).toBe(before);
  });

  it('of something else than a form is refused, and it says what to send', async () => {
    for (const headers of [{ 'content-type': 'text/csv' }, { 'content-type': 'application/json' }])
      expect(problemIn(await as('POST', '/v1/imports', '{}', headers))).toMatchObject({
        status: 415,
        detail: expect.stringContaining('multipart/form-data'),
      });
  });

  it.each(['', '; boundary=x'])('that is no form inside is refused (boundary "%s")', async (boundary) => {
    const answer = await as('POST', '/v1/imports', 'nonsense', { 'content-type': `multipart/form-data${boundary}` });
    expect(problemIn(answer).status).toBeLessThan(500);
    expect(got).toBeUndefined();
  });

  it('that the import service refuses leaves nothing behind', async () => {
    failure = new AppError('unreadable-file', 'Line 1: no columns', { line: 1 });
    const before = (await kept()).objects;
    const answer = await as('POST', '/v1/imports', form([['file', csv, 'a.csv']]));
    expect(problemIn(answer)).toMatchObject({ status: 422, code: 'unreadable-file', line: 1 });
    expect((await kept()).objects).toBe(before);
  });

  it('whose outcome nobody knows stays: an import may need it', async () => {
    failure = new AppError('timeout', 'too slow');
    expect(problemIn(await as('POST', '/v1/imports', form([['file', csv, 'a.csv']]))).status).toBe(504);
    expect((await store.info(got?.input.file ?? ''))?.deleted).toBe(false);
  });

  it('that breaks off leaves nothing behind', async () => {
    const before = await kept();
    const token = await gateway.identity.token({ roles: ['agent'] });
    const call = request(`${gateway.url}/v1/imports`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x', 'content-length': 6_000_000 },
    });
    call.on('error', () => {});
    call.write('--x\r\ncontent-disposition: form-data; name="file"; filename="a.csv"\r\n\r\n');
    call.write(Buffer.alloc(3_000_000));
    await eventually(async () => expect((await kept()).bytes).toBeGreaterThan(before.bytes + 1_000_000));
    call.destroy();
    await eventually(async () => expect((await kept()).bytes).toBeLessThan(before.bytes + 10_000));
    expect((await kept()).objects).toBe(before.objects);
    expect(got).toBeUndefined();
  });
});

describe('files', () => {
  it('of rejected rows come page by page as one', async () => {
    const { status, text, headers } = await as('GET', `/v1/imports/${ID}/rejected.csv`);
    expect([status, text]).toEqual([200, 'name,reason\r\nrejected 0\r\nrejected 1\r\nrejected 2\r\nrejected 3\r\n']);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="rejected-${ID}.csv"`);
  });
  it('that cannot be finished break off instead of looking whole', async () => {
    await expect(as('GET', `/v1/imports/${ID}/warnings.csv`)).rejects.toThrow();
  });
  it('to begin with', async () => {
    expect((await as('GET', '/v1/imports/sample.csv')).text).toBe('firstName\r\nAnna\r\n');
  });
});

describe('progress', () => {
  const at =
    (done: number, state: k.Import['state'] = 'running') =>
    () => ({ ...anImport, state, progress: { ...anImport.progress, done } });

  it('is one event for each change, and ends with the import', async () => {
    const away = () => {
      throw new AppError('unavailable', 'restarting');
    };
    reads = [at(0, 'queued'), at(0, 'queued'), at(1), away, at(2, 'finished')];
    const { status, headers, text } = await as('GET', `/v1/imports/${ID}/progress`);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const events = text.trimEnd().split('\n\n');
    expect(events.every((event) => event.startsWith('event: progress\ndata: {'))).toBe(true);
    expect(
      events.map((event) => JSON.parse(event.split('data: ')[1] ?? '')).map(({ id, state, progress }) => [id, state, progress.done]),
    ).toEqual([
      [ID, 'queued', 0],
      [ID, 'running', 1],
      [ID, 'finished', 2],
    ]);
  });

  it('of an import that is not there is a 404', async () => {
    reads = [
      () => {
        throw new AppError('not-found', 'There is no such import');
      },
    ];
    expect(problemIn(await as('GET', `/v1/imports/${ID}/progress`)).status).toBe(404);
  });

  it('is no longer asked for when the client has gone', async () => {
    reads = [at(0)];
    const leave = new AbortController();
    const token = await gateway.identity.token({ roles: ['agent'] });
    const { body } = await fetch(`${gateway.url}/v1/imports/${ID}/progress`, {
      headers: { authorization: `Bearer ${token}` },
      signal: leave.signal,
    });
    await body?.getReader().read();
    leave.abort();
    await eventually(async () => {
      const before = read;
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(read).toBe(before);
    });
  });

  it('ends when the gateway stops', async () => {
    reads = [at(0)];
    const { service } = await import('../src/index.js');
    const other = await service.start(gateway.world.env('gateway'));
    const token = await gateway.identity.token({ roles: ['agent'] });
    const response = await fetch(`${other.url}/v1/imports/${ID}/progress`, { headers: { authorization: `Bearer ${token}` } });
    const began = Date.now();
    await Promise.all([other.stop(), response.text()]);
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});
