import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Context, serviceContext } from '@kontor/bus';
import { type AboutEntry, type ContactEntry, collectInImport, forgetInImport, setImportMapping, startImport } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { aContactEntry, eventually, findInDatabase, findInStreams } from '@kontor/testing';
import { toCsv } from './files.js';
import { StandInCustomer } from './stand-in-customer.js';
import { agent, startWorkbench, type Workbench } from './workbench.js';

let bench: Workbench;
let customer: StandInCustomer;
let db: Database;
beforeAll(async () => {
  bench = await startWorkbench();
  db = await Database.connect({ name: 'test', url: bench.databases.import!.migrationUrl });
});
beforeEach(async () => {
  customer = await StandInCustomer.start(bench.env('customer'));
});
afterEach(() => customer.stop());
afterAll(async () => {
  await db.close();
  await bench.stop();
});

/** Somebody known by this e-mail address, and by more where it is given. */
const about = (address: string, more: Partial<AboutEntry> = {}): AboutEntry => {
  const id = randomUUID();
  const entry = aContactEntry({ id, emails: [{ address, primary: true }] });
  const keys = { emails: [address], phones: [], externalIds: [] };
  return { id, kind: 'contact', entry, keys, rows: [], formerly: [], ...more } as AboutEntry;
};
const forget = async (as: Context, of: AboutEntry) => (await bench.ask(serviceContext(as.tenant), forgetInImport, of)).counts;
const collect = async (as: Context, of: AboutEntry) => (await bench.ask(serviceContext(as.tenant), collectInImport, of)).data;
const traces = async (text: string) => [
  ...(await findInDatabase(bench.databases.import!.migrationUrl, text)),
  ...(await findInStreams(bench.nats, text)),
];
const over = (as: Context, id: string) =>
  eventually(async () => {
    const found = await bench.get(as, id);
    expect(['finished', 'failed']).toContain(found.state);
    expect(await db.queryAcrossTenants('select 1 from import_queue where import_id = $1', [id])).toEqual([]);
    return found;
  }, 20_000);
const header = ['First Name', 'Last Name', 'E-mail', 'Phone', 'Birthday', 'External Id', 'Employee Code', 'Inventar'];
const fileOf = (...rows: string[][]) => toCsv([header, ...rows]);
const others = (count: number) =>
  Array.from({ length: count }, (_, i) => ['Anna', `Meyer ${i}`, `a${i}@x.example`, `030 55${1000 + i}`, '', `id-${i}`, `E${i}`, '']);

it('6.3 rows that were refused or stayed with a warning go where they name somebody, in every import; the others stay', async () => {
  const as = agent();
  const file = fileOf(
    ['Qxkanarq', '', 'KANAR@post.example', '', '', '', '', ''],
    ['Qxkanarq', 'Eins', 'kanar@post.example', '', '31.31.1980', '', '', ''],
    ['Qxkanarq', '', '', '0444/123 45 67', '', '', '', ''],
    ['Qxkanarq', '', '', '', '', 'QX-77', '', ''],
    ['Qxkanarq', '', '', '', '', '', 'QX-E9', ''],
    ['Qxkanarq', '', '', '', '', '', '', 'qx-77'],
    ['Bert', '', 'b@post.example', '', '', '', '', ''],
    ['Carl', 'Zwei', 'c@post.example', '', '31.31.1980', '', '', ''],
  );
  const imports = await Promise.all([bench.create(as, file, { start: true }), bench.create(as, file, { start: true })]);
  for (const { id } of imports) await over(as, id);
  expect(await traces('qxkanarq')).toEqual(['import: 2', 'import_row: 12']);
  const somebody = about('kanar@post.example', {
    keys: {
      emails: ['kanar@post.example'],
      phones: ['+494441234567'],
      externalIds: [{ source: 'import', id: 'QX-77' }],
      employeeCode: 'qx-e9',
    },
  });
  expect(await forget(as, somebody)).toMatchObject({ files: 0, rows: 12 });
  for (const text of ['qxkanarq', 'kanar@post', '123 45 67', 'qx-77', 'qx-e9']) expect(await traces(text)).toEqual([]);
  for (const { id } of imports) {
    expect(await bench.rowsFile(as, id)).toContain('Bert,,b@post.example');
    expect(await bench.rowsFile(as, id, 'warnings')).toContain('Carl,Zwei,c@post.example');
    expect((await bench.get(as, id)).progress).toMatchObject({ rows: 8, done: 8, rejected: 6, warnings: 2 });
  }
  expect(await forget(as, somebody)).toEqual({ files: 0, rows: 0, samples: 0 });
});

it('6.3 a row that has no key of somebody goes by its place in its batch', async () => {
  const as = agent();
  const rows = others(1_005);
  // Not sent, so it has no place.
  rows[1_000] = ['zu', 'viele', 'z@x.example', '', '', '', '', '', 'Zellen'];
  rows[1_002] = ['Refused', '', 'r@x.example', '', '', '', '', ''];
  rows[1_003] = ['Qxplatzq', 'Früher', 'alt@post.example', '', '1980-13-31', '', '', ''];
  rows[1_004] = ['Nachbar', 'Später', 'nachbar@post.example', '', '1980-13-31', '', '', ''];
  const { id } = await bench.create(as, fileOf(...rows), { start: true });
  await over(as, id);
  // The second batch was sent as: 1001 (refused here and not sent), 1002, 1003, 1004, 1005.
  expect(customer.taken.get(id)![1]!.rows.map(({ firstName }) => firstName)).toEqual(['Anna', 'Refused', 'Qxplatzq', 'Nachbar']);
  const somebody = about('neu@post.example', { rows: [{ importId: id, batch: 1, index: 2 }] });
  expect(await forget(as, somebody)).toMatchObject({ rows: 1 });
  expect(await traces('qxplatzq')).toEqual([]);
  expect(await bench.rowsFile(as, id, 'warnings')).toContain('Nachbar,');
  expect(await bench.rowsFile(as, id)).toContain('Zellen');
  // Where it stood, the samples may be what it was called then.
  expect((await bench.get(as, id)).columns.flatMap(({ samples }) => samples)).toEqual([]);
});

it('6.3 samples go where they are values of somebody; those of other imports stay', async () => {
  const as = agent();
  const { id } = await bench.create(as, fileOf(['Qxmusterq', 'Meyer', '', '', '', '', '', ''], ...others(2)), { start: true });
  const elsewhere = await bench.create(as, fileOf(...others(3)), { start: true });
  await over(as, id);
  const before = await over(as, elsewhere.id);
  const somebody = about('ganz.anders@post.example');
  somebody.entry = { ...somebody.entry, firstName: 'QXMUSTERQ' } as ContactEntry;
  expect(await forget(as, somebody)).toEqual({ files: 0, rows: 0, samples: 1 });
  expect(await traces('qxmusterq')).toEqual([]);
  expect((await bench.get(as, id)).columns[0]!.samples).toEqual(['Anna']);
  expect((await bench.get(as, elsewhere.id)).columns).toEqual(before.columns);
});

it('6.3 a file that nobody has started yet goes with its import, which says why; its bytes are gone from the stream', async () => {
  const as = agent();
  const many = others(20_000);
  many[15_000] = ['Qxwartetq', 'Lang', 'wartet@post.example', '', '', '', '', ''];
  const { id } = await bench.create(as, fileOf(...many));
  const other = await bench.create(as, fileOf(...others(10)));
  const files = await bench.files();
  expect(await traces('qxwartetq')).toEqual(['import: 1', expect.stringContaining('OBJ_imports')]);
  expect(await forget(as, about('wartet@post.example'))).toMatchObject({ files: 1, rows: 0 });
  expect(await traces('qxwartetq')).toEqual([]);
  expect(await traces('meyer 15001')).toEqual([]);
  expect(await bench.files()).toHaveLength(files.length - 1);
  expect(await bench.get(as, id)).toMatchObject({
    state: 'cancelled',
    error: expect.stringContaining('upload it again'),
    finishedAt: expect.any(String),
  });
  await expect(bench.ask(as, startImport, { id })).rejects.toMatchObject({ code: 'conflict' });
  await bench.ask(as, startImport, { id: other.id });
  expect(await over(as, other.id)).toMatchObject({ state: 'finished', progress: { created: 10 } });
});

it('6.3 somebody whose row was taken for the header is not kept as one', async () => {
  const as = agent();
  const { id, columns } = await bench.create(as, 'Qxkopfq,kopf@post.example\nAnna,a@x.example\n');
  await bench.ask(as, setImportMapping, {
    id,
    mapping: {
      columns: columns.map(({ index }) => ({ index, field: index === 1 ? ('email' as const) : ('lastName' as const) })),
      onKnown: 'update',
    },
  });
  expect(await forget(as, about('kopf@post.example'))).toMatchObject({ files: 1 });
  expect(await traces('qxkopfq')).toEqual([]);
  expect((await bench.get(as, id)).columns.map(({ header }) => header)).toEqual(['Column 1', 'Column 2']);
});

it('6.3 while an import with a row of somebody runs it is refused as busy, and done when the import is over', async () => {
  const as = agent();
  const somebody = about('laeuft@post.example');
  let release = () => {};
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  const file = fileOf(...others(1_500), ['Qxlaeuftq', '', 'laeuft@post.example', '', '', '', '', '']);
  const first = await bench.create(as, file);
  customer.before = ({ importId }) => (importId === first.id ? blocked : undefined);
  await bench.ask(as, startImport, { id: first.id });
  const second = await bench.create(as, file, { start: true });
  await expect(forget(as, somebody)).rejects.toMatchObject({ code: 'busy', details: { retryAfter: 10 } });
  const came = about('hiess.anders@post.example', { rows: [{ importId: first.id, batch: 0, index: 0 }] });
  await expect(forget(as, came)).rejects.toMatchObject({ code: 'busy' });
  // Somebody else's erasure does not wait for it.
  expect(await forget(as, about('wer.anders@post.example'))).toMatchObject({ files: 0 });
  release();
  for (const { id } of [first, second]) await over(as, id);
  expect(await forget(as, somebody)).toMatchObject({ files: 0, rows: 2 });
  expect(await traces('qxlaeuftq')).toEqual([]);
  expect(customer.rowsOf(first.id)).toHaveLength(1_501);
});

it('6.3 a file that was to be deleted when its import ended, and was not, is deleted', async () => {
  const as = agent();
  const before = await bench.files();
  const { id } = await bench.create(as, fileOf(['Qxrestq', 'Rest', 'rest@post.example', '', '', '', '', '']));
  await db.queryAcrossTenants(`update import set state = 'failed', finished_at = now() where id = $1`, [id]);
  expect(await forget(as, about('rest@post.example'))).toMatchObject({ files: 1 });
  expect(await traces('qxrestq')).toEqual([]);
  expect(await bench.files()).toEqual(before);
});

it('6.3 other tenants keep what they have', async () => {
  const [as, other] = [agent(), agent()];
  const file = fileOf(['Qxmandantq', '', 'mandant@post.example', '', '', '', '', '']);
  const { id } = await bench.create(other, file, { start: true });
  await bench.create(other, file);
  await over(other, id);
  const before = await traces('qxmandantq');
  expect(before).toHaveLength(3);
  const somebody = about('mandant@post.example', { rows: [{ importId: id, batch: 0, index: 0 }] });
  expect(await forget(as, somebody)).toEqual({ files: 0, rows: 0, samples: 0 });
  expect(await collect(as, somebody)).toEqual({ imports: [], complete: true });
  expect(await traces('qxmandantq')).toEqual(before);
});

it('6.4 all that is held are the rows that were kept, those of files that wait, and of which imports they are', async () => {
  const as = agent();
  const row = ['Anna', '', 'meins@post.example', '', '', '', '', ''];
  const kept = await bench.create(as, fileOf(...others(1), row), { start: true, fileName: 'januar.csv' });
  await over(as, kept.id);
  const came = await bench.create(as, fileOf(...others(2)), { start: true, fileName: 'februar.csv' });
  await over(as, came.id);
  const waits = await bench.create(as, fileOf(row), { fileName: 'märz.csv' });
  const told = { columns: header, createdAt: expect.any(String) };
  expect(await collect(as, about('meins@post.example', { rows: [{ importId: came.id, batch: 0, index: 0 }] }))).toEqual({
    imports: [
      {
        ...told,
        id: kept.id,
        fileName: 'januar.csv',
        state: 'finished',
        rows: [{ number: 2, rejected: true, cells: row, reasons: ['needs a last name'] }],
      },
      { ...told, id: came.id, fileName: 'februar.csv', state: 'finished', rows: [] },
      { ...told, id: waits.id, fileName: 'märz.csv', state: 'uploaded', rows: [{ number: 1, cells: row }] },
    ],
    complete: true,
  });
  await expect(bench.ask(as, collectInImport, about('meins@post.example'))).rejects.toMatchObject({ code: 'forbidden' });
  await expect(bench.ask(as, forgetInImport, about('meins@post.example'))).rejects.toMatchObject({ code: 'forbidden' });
});
