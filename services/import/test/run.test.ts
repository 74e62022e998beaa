import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AppError, CallerVerifier, type Context } from '@kontor/bus';
import { startImport } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { service } from '../src/index.js';
import { StandInCustomer } from './stand-in-customer.js';
import { agent, startWorkbench, type Workbench } from './workbench.js';

let bench: Workbench;
let customer: StandInCustomer;
beforeAll(async () => {
  bench = await startWorkbench();
});
beforeEach(async () => {
  customer = await StandInCustomer.start(bench.env('customer'));
});
afterEach(() => customer.stop());
afterAll(() => bench.stop());

const fileOf = (rows: number) =>
  `First Name,Last Name,E-mail\n${Array.from({ length: rows }, (_, i) => `Anna,Meyer ${i},a${i}@x.example\n`).join('')}`;
const lastNames = (importId: string) => customer.rowsOf(importId).map((row) => row.lastName);
const expected = (rows: number) => Array.from({ length: rows }, (_, i) => `Meyer ${i}`);
const over = (as: Context, id: string, within = 20_000) =>
  eventually(async () => {
    const found = await bench.get(as, id);
    expect(['finished', 'failed']).toContain(found.state);
    return found;
  }, within);

describe('an import', () => {
  it('sends batches of 1,000 rows in order, each with the rights of who started it, and counts them', async () => {
    const as = agent({ teams: ['support'] });
    const { id } = await bench.create(as, fileOf(2_500), { start: true, onKnown: 'skip' });
    expect(await over(as, id)).toMatchObject({
      state: 'finished',
      progress: { rows: 2500, done: 2500, created: 2500, updated: 0, skipped: 0, rejected: 0, warnings: 0, secondsLeft: null },
      finishedAt: expect.any(String),
    });
    expect(customer.taken.get(id)!.map(({ number, onKnown, rows }) => [number, onKnown, rows.length])).toEqual([
      [0, 'skip', 1000],
      [1, 'skip', 1000],
      [2, 'skip', 500],
    ]);
    expect(lastNames(id)).toEqual(expected(2500));
    const caller = new CallerVerifier([bench.env('customer').KONTOR_CALLER_KEY ?? '']);
    expect(caller.verify(customer.lastHeaders?.get('Kontor-Caller') ?? '', true)).toMatchObject({
      tenant: as.tenant,
      agent: { id: as.agent!.id },
      roles: ['agent'],
      teams: ['support'],
    });
    expect(customer.lastHeaders?.get('Kontor-Lane')).toBe('bulk');
  });

  it('deletes its file when it is over, and starting it twice is the same as once', async () => {
    const as = agent();
    const before = await bench.files();
    const { id } = await bench.create(as, fileOf(10));
    await Promise.all([bench.ask(as, startImport, { id }), bench.ask(as, startImport, { id })]);
    await over(as, id);
    await eventually(async () => expect(await bench.files()).toEqual(before));
    expect(lastNames(id)).toEqual(expected(10));
    await expect(bench.ask(as, startImport, { id })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('gives rejected rows back in the shape of the file, with reasons, and those with warnings apart', async () => {
    const as = agent();
    const file =
      'First Name;Last Name;Birthday\nAnna;Meyer;1980-01-31\n=cmd;;1980-01-31\nBert;Koch;1980-13-31\nCarl;Fink;1980-01-31;x;y\nDora;;\n';
    const { id } = await bench.create(as, file, { start: true });
    expect((await over(as, id)).progress).toMatchObject({ rows: 5, done: 5, created: 2, rejected: 3, warnings: 1 });
    expect(await bench.rowsFile(as, id)).toBe(
      [
        '\ufeffFirst Name;Last Name;Birthday;reason',
        "'=cmd;;1980-01-31;needs a last name",
        'Carl;Fink;1980-01-31;"The row has 5 cells, the header has 3; a cell that has the delimiter in it must stand in quotes";x;y',
        'Dora;;;needs a last name',
        '',
      ].join('\r\n'),
    );
    expect(await bench.rowsFile(as, id, 'warnings')).toContain('Bert;Koch;1980-13-31;"birthday: ""1980-13-31"" is not a valid date');
  });

  it('runs those of one tenant one after the other, those of others beside them', async () => {
    const as = agent();
    const other = agent();
    let release = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = await bench.create(as, fileOf(10));
    customer.before = ({ importId }) => (importId === first.id ? blocked : undefined);
    await bench.ask(as, startImport, { id: first.id });
    await eventually(async () => expect(await bench.get(as, first.id)).toMatchObject({ state: 'running' }));
    const second = await bench.create(as, fileOf(10), { start: true });
    const elsewhere = await bench.create(other, fileOf(10), { start: true });
    await over(other, elsewhere.id);
    expect(await bench.get(as, second.id)).toMatchObject({ state: 'queued' });
    release();
    await over(as, second.id);
    expect(await bench.get(as, first.id)).toMatchObject({ state: 'finished' });
  });
});

describe('an import whose batches', () => {
  it('find nobody says what it waits for, and continues by itself', async () => {
    await customer.stop();
    const as = agent();
    const { id } = await bench.create(as, fileOf(1_500), { start: true });
    await eventually(async () =>
      expect(await bench.get(as, id)).toMatchObject({
        state: 'running',
        progress: { done: 0, waitingFor: expect.stringContaining('customer service') },
      }),
    );
    customer = await StandInCustomer.start(bench.env('customer'));
    const done = await over(as, id);
    expect(done).toMatchObject({ state: 'finished', progress: { created: 1500 } });
    expect(done.progress.waitingFor).toBeUndefined();
    expect(lastNames(id)).toEqual(expected(1500));
  });

  it('meet a busy service are sent again until it has time', async () => {
    let refusals = 3;
    customer.before = () => {
      if (refusals-- > 0) throw new AppError('busy', 'Too much to do');
    };
    const as = agent();
    const { id } = await bench.create(as, fileOf(10), { start: true });
    expect(await over(as, id)).toMatchObject({ state: 'finished', progress: { created: 10 } });
  });

  it('lose the broker continues by itself when it is back', async () => {
    const as = agent();
    const { id } = await bench.create(as, fileOf(4_000));
    let outage: Promise<void> | undefined;
    customer.before = ({ number }) => {
      if (number === 2) outage ??= bench.nats.kill().then(() => bench.nats.restart());
    };
    await bench.ask(as, startImport, { id });
    await eventually(() => expect(outage).toBeDefined());
    await outage;
    expect(await over(as, id, 50_000)).toMatchObject({ state: 'finished', progress: { done: 4000, created: 4000 } });
    expect(lastNames(id)).toEqual(expected(4000));
  });

  it('are refused for good fails with the reason, and says how far it came', async () => {
    customer.before = ({ number }) => {
      if (number === 1) throw new AppError('forbidden', 'Your role does not allow it');
    };
    const as = agent();
    const before = await bench.files();
    const { id } = await bench.create(as, fileOf(2_500), { start: true });
    expect(await over(as, id)).toMatchObject({
      state: 'failed',
      error: 'Your role does not allow it',
      progress: { rows: 2500, done: 1000 },
    });
    await eventually(async () => expect(await bench.files()).toEqual(before));
  });

  it('take effect while the service stops end with exactly their rows', async () => {
    const as = agent();
    const { id } = await bench.create(as, fileOf(5_000));
    let stopped: Promise<void> | undefined;
    customer.before = async ({ number }) => {
      if (number === 2) stopped ??= bench.running.get('import')!.stop();
      await sleep(20);
    };
    await bench.ask(as, startImport, { id });
    await eventually(() => expect(stopped).toBeDefined());
    await stopped;
    bench.running.set('import', await service.start(bench.env('import')));
    expect(await over(as, id)).toMatchObject({ state: 'finished', progress: { done: 5000, created: 5000 } });
    expect(lastNames(id)).toEqual(expected(5000));
  });
});
