import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import { listImports, startImport } from '@kontor/contracts';
import { eventually, ServiceProcess, sized } from '@kontor/testing';
import { StandInCustomer } from './stand-in-customer.js';
import { agent, startWorkbench, type Workbench } from './workbench.js';

let bench: Workbench;
let customer: StandInCustomer;
const processes = new Set<ServiceProcess>();

beforeAll(async () => {
  bench = await startWorkbench({ running: false });
});
beforeEach(async () => {
  customer = await StandInCustomer.start(bench.env('customer'));
});
afterEach(async () => {
  await Promise.all([...processes].map(kill));
  await customer.stop();
});
afterAll(() => bench.stop());

/** The import service as a process of its own, which can be killed; gives it when it answers. */
async function startProcess(): Promise<ServiceProcess> {
  const started = new ServiceProcess('import', bench.env('import'));
  processes.add(started);
  await started.start();
  return started;
}

async function kill(one: ServiceProcess): Promise<void> {
  processes.delete(one);
  await one.kill();
}

const ROWS = sized(3_000, 6_000);
/** Of these batches: the first, one in the middle, the last. */
const FATAL = sized([0, 2], [0, 3, 5]);
const file = `Last Name,E-mail\n${Array.from({ length: ROWS }, (_, i) => `Meyer ${i},a${i}@x.example\n`).join('')}`;
const exactly = Array.from({ length: ROWS }, (_, i) => `Meyer ${i}`);

async function endsWithExactlyItsRows(as: Context, id: string): Promise<void> {
  await eventually(async () => expect(await bench.get(as, id)).toMatchObject({ state: 'finished' }), 30_000);
  expect((await bench.get(as, id)).progress).toMatchObject({ rows: ROWS, done: ROWS, created: ROWS, updated: 0, skipped: 0, rejected: 0 });
  expect(customer.rowsOf(id).map((row) => row.lastName)).toEqual(exactly);
  await eventually(async () => expect(await bench.files()).toEqual([]));
}

describe('kill -9 of the import service', () => {
  const MOMENTS: [string, { before: boolean }][] = [
    ['before a batch takes effect', { before: true }],
    ['after a batch has taken effect, before its answer comes', { before: false }],
  ];
  // The others of these tests are in the default tier.
  for (const [when, moment] of sized([], MOMENTS))
    it(`${when} costs no row and doubles none`, async () => {
      await startProcess();
      const killed = new Set<number>();
      const isFatal = (number: number) => FATAL.includes(number) && !killed.has(number);
      const dies = async (number: number) => {
        if (!isFatal(number)) return;
        killed.add(number);
        await Promise.all([...processes].map(kill));
      };
      customer.before = async ({ number }) => {
        if (moment.before) await dies(number);
      };
      customer.losesAnswer = ({ number }) => {
        if (moment.before || !isFatal(number)) return false;
        void dies(number);
        return true;
      };
      const as = agent();
      const { id } = await bench.create(as, file, { start: true });
      for (let deaths = 1; deaths <= FATAL.length; deaths++) {
        await eventually(() => expect(killed.size).toBe(deaths), 20_000);
        await startProcess();
      }
      await endsWithExactlyItsRows(as, id);
    });

  it('lets another replica take over within seconds', async () => {
    const first = await startProcess();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    customer.before = ({ number }) => (number === 2 ? held : undefined);
    const as = agent();
    const { id } = await bench.create(as, file, { start: true });
    await eventually(async () => expect((await bench.get(as, id)).progress.done).toBe(2_000));
    await startProcess();
    await kill(first);
    release();
    await eventually(() => expect(customer.rowsOf(id).length).toBeGreaterThan(2_000), 10_000);
    await endsWithExactlyItsRows(as, id);
  });

  if (sized(false, true))
    it('while a file is read in leaves no import', async () => {
      const running = await startProcess();
      const as = agent();
      const big = `E-mail\n${Array.from({ length: sized(100_000, 800_000) }, (_, i) => `a${i}@x.example\n`).join('')}`;
      const creating = bench.create(as, big, { start: true }).catch((error: unknown) => error);
      await eventually(async () => expect(await bench.files()).toHaveLength(1));
      await kill(running);
      await startProcess();
      await bench.ask(as, listImports, {}).then(({ items }) => expect(items).toEqual([]));
      // Nobody waits two minutes for an answer that cannot come in a test.
      void creating;
      for (const left of await bench.files()) await bench.deleteFile(left);
    });

  if (sized(false, true))
    it('of all of them leaves a started import to whoever starts next', async () => {
      const running = await startProcess();
      const as = agent();
      const { id } = await bench.create(as, file);
      await customer.stop();
      await bench.ask(as, startImport, { id });
      await kill(running);
      customer = await StandInCustomer.start(bench.env('customer'));
      await startProcess();
      await endsWithExactlyItsRows(as, id);
    });
});
