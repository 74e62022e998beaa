// Bulk upsert: contacts per second committed, with history, at the gateway; with all services running, and with the search service stopped, so that
// only what the response needs uses the CPU. Then the same contacts again, when nothing changes.
import { type Measure, report, withHub } from '@kontor/testing/bench';

const CONTACTS = Number(process.env.KONTOR_BENCH_CONTACTS ?? 50_000);
const AT_ONCE = 1_000;
const CALLERS = 4;
const GOAL = 8_000;

const first = ['Anna', 'Maria', 'Lena', 'Jürgen', 'Hans', 'Peter', 'Wei', 'José', 'Chloe', 'Emma'];
const last = ['Müller', 'Schmidt', 'Weber', 'Fischer', 'Nowak', 'Smith', 'Li', 'Dubois', 'Kowalska', 'Yılmaz'];

const person = (run: string, i: number) => ({
  firstName: first[i % first.length],
  lastName: `${last[(i * 7) % last.length]}${i % 997}`,
  companyName: `Firma ${i % 4001}`,
  emails: [{ address: `p${i}@${run}.example` }],
  phones: [{ number: `+4930${20_000_000 + i}` }],
  addresses: [{ line1: `Weg ${i % 300}`, city: 'Berlin', postalCode: `${10_000 + (i % 5000)}` }],
  tags: i % 2 ? ['newsletter'] : [],
});

const batches = (run: string): string[] =>
  Array.from({ length: Math.ceil(CONTACTS / AT_ONCE) }, (_, b) =>
    JSON.stringify({ match: 'email', items: Array.from({ length: AT_ONCE }, (_, i) => person(run, b * AT_ONCE + i)) }),
  );

await withHub(async ({ hub, token }) => {
  const put = async (body: string): Promise<void> => {
    const response = await fetch(`${hub.api}/v1/contacts`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    });
    const { items } = (await response.json()) as { items: { status: number }[] };
    const refused = items.find(({ status }) => status >= 300);
    if (refused) throw new Error(`an item was refused: ${JSON.stringify(refused)}`);
  };
  /** Contacts per second, with several concurrent callers. */
  const speed = async (bodies: readonly string[]): Promise<number> => {
    const waiting = [...bodies];
    const start = performance.now();
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let body = waiting.shift(); body; body = waiting.shift()) await put(body);
      }),
    );
    return (bodies.length * AT_ONCE * 1000) / (performance.now() - start);
  };
  const measures: Measure[] = [];
  const add = (what: string, value: number, goal = false) =>
    measures.push({ what, value, unit: 'contacts/s', ...(goal && { goal: `≥ ${GOAL} /s`, met: value >= GOAL }) });

  await speed(batches('warm').slice(0, 5));
  const beside = batches('beside');
  add('created, search indexing beside it', await speed(beside));
  const search = hub.pid('search') ?? 0;
  process.kill(search, 'SIGSTOP');
  const alone = batches('alone');
  add('created, the search service held still', await speed(alone), true);
  add('the same once more: nothing changes', await speed(alone));
  process.kill(search, 'SIGCONT');
  report('Bulk upsert', measures);
});
