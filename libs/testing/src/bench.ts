import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fetchToken } from '@kontor/local';
import { DataFolder } from '@kontor/local/data-folder';
import { type Hub, startHub } from '@kontor/local/hub';
import { Quiet } from '@kontor/local/progress';

/** A hub to measure. */
export interface BenchHub {
  hub: MeasuredHub;
  /** A token of an admin of the tenant `bench`. */
  token: string;
  meili: { url: string; key: string };
  postgres: { url: string };
  /** Calls the API and gives the JSON of the answer; throws when it is refused. */
  call<T = Record<string, unknown>>(this: void, method: string, path: string, body?: unknown): Promise<T>;
  /** Uploads a CSV, imports it with the proposed mapping and waits for the end. */
  importCsv(
    csv: Blob,
    fileName: string,
  ): Promise<{ id: string; progress: { rows: number; done: number; created: number }; startedAt: string; finishedAt: string }>;
}

/** What measuring needs of a hub, its own or one that runs anyway. */
type MeasuredHub = Pick<Hub, 'api' | 'token' | 'pid'> & { servers: { meili?: { url: string }; postgres?: { url: string } } };

/**
 * A hub as `npm start` makes it, with fsync, on a folder of its own that goes when the measuring is done. Or, with `KONTOR_BENCH_HUB`, the one that
 * runs on that data folder, with what is in it: a million contacts need not be imported for each run.
 */
export async function withHub(work: (bench: BenchHub) => Promise<void>): Promise<void> {
  if (process.env.KONTOR_BENCH_HUB) {
    const running = new DataFolder(process.env.KONTOR_BENCH_HUB);
    return work(await benchHub(runningHub(running), running));
  }
  const folder = mkdtempSync(join(process.env.KONTOR_BENCH_DIR ?? tmpdir(), 'kontor-bench-'));
  const data = new DataFolder(folder);
  const hub = await startHub({
    data,
    httpPort: 0,
    httpHost: '127.0.0.1',
    oneProcess: false,
    durable: true,
    logLevel: 'error',
    progress: new Quiet(),
  });
  try {
    await work(await benchHub(hub, data));
  } finally {
    await hub.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function runningHub(data: DataFolder): MeasuredHub {
  const hub = data.hub();
  const ports = data.read<Record<string, number>>('ports.json');
  if (!hub || !ports)
    throw new Error(`No hub runs on ${data.path}: KONTOR_BENCH_HUB must be the data folder of one that does, like .kontor`);
  return {
    api: hub.api,
    token: (of) => fetchToken(data, of),
    pid: () => undefined,
    servers: {
      meili: { url: `http://127.0.0.1:${ports.meilisearch}` },
      postgres: { url: `postgres://kontor:${data.secret('postgres')}@127.0.0.1:${ports.postgres}/postgres` },
    },
  };
}

async function benchHub(hub: MeasuredHub, data: DataFolder): Promise<BenchHub> {
  const token = await hub.token({ tenant: 'bench', role: 'admin' });
  const call = caller(hub.api, token);
  return {
    hub,
    token,
    meili: { url: hub.servers.meili?.url ?? '', key: data.secret('meilisearch') },
    postgres: { url: hub.servers.postgres?.url ?? '' },
    call,
    importCsv: importer(call),
  };
}

const IDLE_WINDOW_MS = 3_000;
const IDLE_WINDOWS = 3;
const IDLE_SHARE = 0.85;
const MOST_WAITED_MS = 45 * 60_000;

/**
 * Until this machine has next to nothing to do for some seconds: after an import a hub works on for minutes (looks for duplicates, tidies up), and
 * what is measured meanwhile measures that, too. False when that took too long to be waited for.
 */
export async function untilIdle(): Promise<boolean> {
  const until = performance.now() + MOST_WAITED_MS;
  for (let quiet = 0; quiet < IDLE_WINDOWS; ) {
    if (performance.now() > until) return false;
    const before = processorTimes();
    await sleep(IDLE_WINDOW_MS);
    const after = processorTimes();
    quiet = (after.idle - before.idle) / (after.all - before.all) > IDLE_SHARE ? quiet + 1 : 0;
  }
  return true;
}

function processorTimes(): { idle: number; all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (of: (one: (typeof times)[number]) => number) => times.reduce((total, one) => total + of(one), 0);
  return { idle: sum(({ idle }) => idle), all: sum(({ user, nice, sys, idle, irq }) => user + nice + sys + idle + irq) };
}

/** Calls the API with this token. */
export const caller =
  (api: string, token: string): BenchHub['call'] =>
  async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const isForm = body instanceof FormData;
    const response = await fetch(api + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && !isForm && { 'content-type': 'application/json' }) },
      body: isForm ? body : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : {}) as T;
  };

/** Imports files through these calls. */
export const importer =
  (call: BenchHub['call']): BenchHub['importCsv'] =>
  async (csv, fileName) => {
    const form = new FormData();
    form.set('kind', 'contacts');
    form.set('file', csv, fileName);
    const { id } = await call<{ id: string }>('POST', '/v1/imports?start=true', form);
    for (;;) {
      const now = await call<{ state: string; error?: string } & Awaited<ReturnType<BenchHub['importCsv']>>>('GET', `/v1/imports/${id}`);
      if (now.state === 'finished') return now;
      if (now.state === 'failed') throw new Error(`the import failed: ${now.error}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };

/** The value below which this share of them lies. */
export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

/** Milliseconds of each of `times` calls, one after the other, after a few that do not count. */
export async function time(times: number, work: (i: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let i = -5; i < times; i++) {
    const start = performance.now();
    await work(Math.max(i, 0));
    if (i >= 0) all.push(performance.now() - start);
  }
  return all;
}

export interface Measure {
  what: string;
  value: number;
  unit: string;
  /** In words, and whether it is met; a number that is missed stays in the table. */
  goal?: string;
  met?: boolean;
}

/** Prints what was measured as a table and keeps it as JSON in `bench-results/`. */
export function report(name: string, measures: readonly Measure[]): void {
  const rows = measures.map(({ what, value, unit, goal, met }) => [
    what,
    `${round(value)} ${unit}`,
    goal ?? '',
    met === undefined ? '' : met ? 'met' : 'missed',
  ]);
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  console.log(
    `\n${name}\n${rows
      .map((row) =>
        row
          .map((cell, i) => (i === 1 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
          .join('  ')
          .trimEnd(),
      )
      .join('\n')}`,
  );
  const folder = fileURLToPath(new URL('../../../bench-results', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryGB: Math.round(totalmem() / 2 ** 30), node: process.version };
  writeFileSync(
    join(folder, `${name.replace(/\W+/g, '-').toLowerCase()}.json`),
    `${JSON.stringify({ name, at: new Date().toISOString(), machine, measures }, undefined, 2)}\n`,
  );
}

const round = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(2);
