import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Restored } from '@kontor/contracts';
import { anAgent, startWorld, type World } from '@kontor/testing';
import pg from 'pg';
import { service } from '../src/index.js';
import { adders, aScene, danglingLinks, enders, type Names } from './parents.js';

// Each operation that references a row, concurrently with each operation that ends it. The first one is stopped before it commits, by a lock of the
// test, until the other one waits for it or is done.

const GATE = 4711;
type Gate = 'first_write' | 'history';

let world: World;
let sql: pg.Client;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  sql = new pg.Client(world.databases.customer?.migrationUrl);
  await sql.connect();
  await sql.query(`
    create sequence first_write_passed; create sequence history_passed;
    select setval('first_write_passed', 1000), setval('history_passed', 1000);
    create function stop_at_gate() returns trigger language plpgsql security definer as $$ begin
      if nextval(tg_argv[0]::regclass) = 1 then perform pg_advisory_xact_lock_shared(${GATE}); end if;
      return new;
    end $$;
    ${['customer', 'contact', 'record', 'request', 'project_member', 'photo']
      .map(
        (table) =>
          `create trigger gate before insert or update on ${table} for each row execute function stop_at_gate('first_write_passed');`,
      )
      .join('\n')}
    create trigger gate before insert on history for each row execute function stop_at_gate('history_passed');
  `);
});
afterAll(async () => {
  await sql.end();
  await world.stop();
});

const waiting = async (): Promise<number> => {
  const { rows } = await sql.query<{ n: number }>(
    `select count(distinct pid)::int as n from pg_locks
     where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`,
  );
  return rows[0]?.n ?? 0;
};

/** The outcome of a call, once it is settled. */
function begin(step: () => Promise<unknown>) {
  const call = {
    settled: false,
    outcome: step().then(
      (answer) => ({ answer }),
      (error: { code?: string }) => ({ code: error.code ?? String(error) }),
    ),
  };
  void call.outcome.then(() => {
    call.settled = true;
  });
  return call;
}
type Call = ReturnType<typeof begin>;

async function untilWaiting(n: number, call: Call): Promise<void> {
  while (!call.settled && (await waiting()) < n) await sleep(2);
}

/** Runs `first` up to the gate, then `second` until it waits or is done, then both to the end. */
async function meet(gate: Gate, first: () => Promise<unknown>, second: () => Promise<unknown>) {
  await sql.query('select pg_advisory_lock($1)', [GATE]);
  await sql.query(`select setval('${gate}_passed', 1, false)`);
  const one = begin(first);
  await untilWaiting(1, one);
  await sql.query(`select setval('${gate}_passed', 1000)`);
  const other = begin(second);
  await untilWaiting(one.settled ? 1 : 2, other);
  await sql.query('select pg_advisory_unlock($1)', [GATE]);
  return Promise.all([one.outcome, other.outcome]);
}

/** Records that were restored without one of their links, as reported by the response. */
const reportedAsDangling = (outcome: object): string[] =>
  ((outcome as { answer?: Restored }).answer?.notRestored ?? []).map(({ id }) => id);

const REFUSALS = [undefined, 'invalid', 'not-found', 'conflict', 'stale'];

/** The pairs to run: each adder with each ender in both orders, or each adder once in each order. */
export function racesOf(pairs: 'all' | 'some'): void {
  for (const names of ['customer', 'contact'] as Names[])
    describe(`a concurrent reference to and end of a ${names} leave no dangling link`, () => {
      for (const [adding, adder] of Object.entries(adders[names]))
        for (const [n, [ending, ender]] of Object.entries(enders[names]).entries())
          for (const place of ['first', 'second'])
            if (pairs === 'all' || n === (place === 'first' ? 0 : 1))
              it(`${adding} × ${ending}: the reference ${place}`, async () => {
                const agent = anAgent();
                const scene = await aScene(world, agent, names);
                const add = await adder(scene);
                const end = () => ender(scene);
                const outcomes = await (place === 'first' ? meet('first_write', add, end) : meet('history', end, add));
                const codes = outcomes.map((outcome) => ('code' in outcome ? outcome.code : undefined));
                for (const code of codes) expect(REFUSALS).toContain(code);
                // At least one of them succeeds.
                expect(codes).toContain(undefined);
                expect(await danglingLinks(sql, agent.tenant, outcomes.flatMap(reportedAsDangling))).toEqual([]);
              });
    });

  describe('all operations concurrently', () => {
    it('never deadlock', async () => {
      await sql.query('select pg_stat_clear_snapshot()');
      const { rows } = await sql.query('select deadlocks::int as n from pg_stat_database where datname = current_database()');
      expect(rows).toEqual([{ n: 0 }]);
    });
  });
}
