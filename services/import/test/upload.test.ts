import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getImportSample, type ImportField, listImports, setImportMapping, startImport } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { agent, startWorkbench, type Workbench } from './workbench.js';

let bench: Workbench;
beforeAll(async () => {
  bench = await startWorkbench();
});
afterAll(() => bench.stop());

const FILE = 'given_name, surname, suburb, date_of_birth\nanna, meyer, perth, 19800131\nbert, koch, , 19371233\n';
const mapping = (...fields: (ImportField | null)[]) => ({ columns: fields.map((field, index) => ({ index, field })) });

describe('an upload', () => {
  it('is answered with columns, samples, a proposed mapping and the number of rows', async () => {
    expect(await bench.create(agent(), FILE)).toMatchObject({
      state: 'uploaded',
      kind: 'contacts',
      fileName: 'contacts.csv',
      columns: [
        { index: 0, header: 'given_name', samples: ['anna', 'bert'], field: 'firstName' },
        { index: 1, header: 'surname', samples: ['meyer', 'koch'], field: 'lastName' },
        { index: 2, header: 'suburb', samples: ['perth'], field: null },
        { index: 3, header: 'date_of_birth', samples: ['19800131', '19371233'], field: 'birthday' },
      ],
      mapping: { columns: mapping('firstName', 'lastName', null, 'birthday').columns, onKnown: 'update' },
      progress: { rows: 2, done: 0, created: 0, updated: 0, skipped: 0, rejected: 0, warnings: 0, rowsPerSecond: null, secondsLeft: null },
      startedAt: null,
      finishedAt: null,
    });
  });

  it.each([
    ['an empty file', '', 'empty', 'The file is empty.'],
    ['a header alone', 'First Name,E-mail\n', 'no-rows', 'has a header and no rows'],
    ['bytes that are not UTF-8', Buffer.from('Vorname,E-mail\nJürgen,j@x.example\n', 'latin1'), 'encoding', 'it seems to be Windows-1252'],
    ['NUL bytes', 'First Name,E-mail\nAn\0na,a@x.example\n', 'nul', 'Line 2'],
    ['an image', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]), 'not-text', 'a PNG image'],
    ['2,000 columns', `${Array.from({ length: 2000 }, (_, i) => `c${i}`).join(',')}\n1\n`, 'too-many-columns', 'There are 2000 columns'],
    ['a line of 30 MB', `E-mail\n${'x'.repeat(30 * 1024 * 1024)}\n`, 'record-too-long', 'Line 2'],
  ])('of %s is refused, and nothing of it is kept', async (_, content, reason, message) => {
    const as = agent();
    await expect(bench.create(as, content)).rejects.toMatchObject({
      code: 'unreadable-file',
      message: expect.stringContaining(message),
      details: { reason },
    });
    expect(await bench.ask(as, listImports, {})).toMatchObject({ items: [] });
  });

  it('without the needed columns is refused when it is to be started immediately', async () => {
    await expect(bench.create(agent(), 'foo,First Name\n1,Anna\n', { start: true })).rejects.toMatchObject({
      code: 'unreadable-file',
      message: expect.stringContaining('needs a column for the e-mail'),
    });
  });

  it('that is refused leaves no file behind', async () => {
    const before = await bench.files();
    await expect(bench.create(agent(), 'a,b\n')).rejects.toMatchObject({ code: 'unreadable-file' });
    expect(await bench.files()).toEqual(before);
  });

  it('repeated with its Idempotency-Key is the same import, and with another file is refused', async () => {
    const as = agent({ idempotencyKey: 'once' });
    const first = await bench.create(as, FILE);
    const before = await bench.files();
    expect(await bench.create(as, FILE)).toEqual(first);
    expect(await bench.files()).toEqual(before);
    await expect(bench.create(as, `${FILE}carl, fink, , \n`)).rejects.toMatchObject({ code: 'key-reused' });
  });

  it('is not for light agents', async () => {
    await expect(bench.create(agent({ roles: ['light_agent'] }), FILE)).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('a mapping', () => {
  it('is changed column by column; those not named stay', async () => {
    const as = agent();
    const { id } = await bench.create(as, FILE);
    const changed = await bench.ask(as, setImportMapping, {
      id,
      mapping: { columns: [{ index: 2, field: 'city' }], onKnown: 'skip', dateOrder: 'dmy' },
    });
    expect(changed.mapping).toEqual({
      columns: mapping('firstName', 'lastName', 'city', 'birthday').columns,
      onKnown: 'skip',
      dateOrder: 'dmy',
    });
    expect(await bench.get(as, id)).toEqual(changed);
  });

  it('is refused for columns that do not exist, and without what a contact needs', async () => {
    const as = agent();
    const { id } = await bench.create(as, FILE);
    await expect(bench.ask(as, setImportMapping, { id, mapping: { columns: [{ index: 4, field: 'city' }] } })).rejects.toMatchObject({
      code: 'invalid',
      details: { errors: [{ path: 'columns[0].index' }] },
    });
    await expect(bench.ask(as, setImportMapping, { id, mapping: mapping(null, 'city') })).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('needs a column for the e-mail'),
    });
    await expect(bench.ask(as, setImportMapping, { id, mapping: mapping('shoeSize' as ImportField) })).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  it('cannot be changed once the import is started', async () => {
    const as = agent();
    const { id } = await bench.create(as, FILE, { start: true });
    await expect(bench.ask(as, setImportMapping, { id, mapping: mapping('email') })).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('imports', () => {
  it('are listed newest first, in pages, and only those of the tenant', async () => {
    const as = agent();
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift((await bench.create(as, FILE)).id);
    const first = await bench.ask(as, listImports, { limit: 2 });
    expect(first.items.map((item) => item.id)).toEqual(ids.slice(0, 2));
    const second = await bench.ask(as, listImports, { limit: 2, cursor: first.nextCursor! });
    expect(second).toMatchObject({ items: [{ id: ids[2] }], nextCursor: null });
    expect((await bench.ask(agent(), listImports, {})).items).toEqual([]);
    await expect(bench.ask(as, listImports, { cursor: 'x' })).rejects.toMatchObject({ code: 'invalid' });
  });

  it('of other tenants do not exist', async () => {
    const { id } = await bench.create(agent(), FILE);
    for (const call of [() => bench.get(agent(), id), () => bench.ask(agent(), startImport, { id }), () => bench.rowsFile(agent(), id)])
      await expect(call()).rejects.toMatchObject({ code: 'not-found' });
  });

  it('fail with the reason when their file is gone', async () => {
    const as = agent();
    const before = await bench.files();
    const { id } = await bench.create(as, FILE);
    const file = (await bench.files()).find((name) => !before.includes(name))!;
    await bench.deleteFile(file);
    await bench.ask(as, startImport, { id });
    await eventually(async () =>
      expect(await bench.get(as, id)).toMatchObject({ state: 'failed', error: expect.stringContaining('upload it again') }),
    );
  });

  it('have a sample file', async () => {
    const { csv } = await bench.ask(agent(), getImportSample, {});
    expect(csv.split('\r\n')[0]).toContain('First Name,Middle Name,Last Name');
    expect(await bench.create(agent(), csv)).toMatchObject({ progress: { rows: 2 } });
  });
});
