// Real processes, one per service, killed with -9 in the middle of an import; then the promises of the README are checked from outside:
// the import ends with exactly its rows, and search holds exactly what the database holds.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createImport, getImport, IMPORT_BUCKET, type Import, search } from '@kontor/contracts';
import { service as customer } from '@kontor/customer';
import { service as searching } from '@kontor/search';
import { again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import { Objm } from '@nats-io/obj';
import pg from 'pg';
import { service as importing } from '../src/index.js';

const ROWS = 20_000;
const MINUTE = 60_000;

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [customer, importing, searching], asProcesses: true, meili: true });
}, MINUTE);
afterAll(() => world.stop());

const agent = anAgent();

async function upload(csv: Buffer): Promise<string> {
  const bucket = await new Objm(world.bus.connection).open(IMPORT_BUCKET);
  await bucket.putBlob({ name: 'faults.csv' }, csv);
  return 'faults.csv';
}

/** The import as it is now; while something is down, as soon as somebody answers again. */
const progressOf = (id: string) => eventually(() => world.ask(again(agent), getImport, { id }), MINUTE);

async function until(id: string, reached: (now: Import) => boolean): Promise<Import> {
  return eventually(async () => {
    const now = await progressOf(id);
    if (!reached(now)) throw new Error(`the import is ${now.state} at ${now.progress.done} of ${now.progress.rows}`);
    return now;
  }, 2 * MINUTE);
}

/** What the database says, past every service: id → version of each contact of the tenant. */
async function contactsInDatabase(): Promise<Map<string, number>> {
  const client = new pg.Client(world.databases.customer?.migrationUrl);
  await client.connect();
  const { rows } = await client.query<{ id: string; version: number }>(
    'select id, version from contact where tenant_id = $1 and deleted_at is null',
    [agent.tenant],
  );
  await client.end();
  return new Map(rows.map((row) => [row.id, row.version]));
}

async function contactsInSearch(): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await world.ask(again(agent), search, { q: '', kind: 'contact', limit: 200, cursor });
    ids.push(...page.hits.map((hit) => hit.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return ids;
}

it(
  'kill -9 of the import service, the customer service, NATS and Meilisearch in the middle of an import: exactly its rows, and search holds what the database holds',
  async () => {
    const generator = fileURLToPath(new URL('../../../libs/testing/make-contacts.mjs', import.meta.url));
    const csv = execFileSync(process.execPath, [generator, `${ROWS}`, '4'], { maxBuffer: 2 ** 28 });
    const { id } = await world.ask(again(agent), createImport, { file: await upload(csv), fileName: 'faults.csv', start: true });

    const victims = [
      ['import', world.processes.get('import'), 2_000],
      ['customer', world.processes.get('customer'), 4_500],
      ['NATS', world.nats, 7_000],
      ['Meilisearch', world.meili, 9_500],
    ] as const;
    for (const [name, victim, rows] of victims) {
      const now = await until(id, ({ progress, state }) => progress.done >= rows || state === 'finished' || state === 'failed');
      // A kill after the end would show nothing.
      expect({ name, state: now.state, unfinished: now.progress.done < ROWS }).toEqual({ name, state: 'running', unfinished: true });
      await victim?.kill();
      await (victim && 'restart' in victim ? victim.restart() : victim?.start());
    }

    const { progress } = await until(id, ({ state }) => state === 'finished' || state === 'failed');
    expect(progress).toMatchObject({ rows: ROWS, done: ROWS, rejected: 0, skipped: 0 });
    const contacts = await contactsInDatabase();
    expect(contacts.size).toBe(progress.created);
    expect(progress.created + progress.updated).toBe(ROWS);

    await eventually(async () => {
      const { total } = await world.ask(again(agent), search, { q: '', kind: 'contact', limit: 1 });
      expect(total).toEqual({ value: contacts.size, relation: 'exact' });
    }, 2 * MINUTE);
    const found = await contactsInSearch();
    expect(found.length).toBe(contacts.size);
    expect(new Set(found)).toEqual(new Set(contacts.keys()));
  },
  6 * MINUTE,
);
