// Deleting and restoring a customer with 10,000 contacts and 100,000 records: time to the response, and to completion.
import { type Measure, report, withHub } from '@kontor/testing/bench';

const CONTACTS = Number(process.env.KONTOR_BENCH_CONTACTS ?? 10_000);
const RECORDS = Number(process.env.KONTOR_BENCH_RECORDS ?? 100_000);
const AT_ONCE = 1_000;

await withHub(async ({ call }) => {
  const { id } = await call<{ id: string }>('POST', '/v1/customers', { name: 'Großkunde AG' });
  for (let i = 0; i < CONTACTS; i += AT_ONCE)
    await call('POST', '/v1/contacts/bulk', {
      items: Array.from({ length: AT_ONCE }, (_, n) => ({
        lastName: `Nummer ${i + n}`,
        customerId: id,
        emails: [{ address: `n${i + n}@grosskunde.example` }],
      })),
    });
  for (let i = 0; i < RECORDS; i += AT_ONCE)
    await call('PUT', '/v1/records', {
      items: Array.from({ length: AT_ONCE }, (_, n) => ({
        source: 'erp',
        externalId: `${i + n}`,
        kind: 'invoice',
        title: `Rechnung ${i + n}`,
        customerId: id,
      })),
    });

  const measures: Measure[] = [];
  const timed = async (what: string, method: string, path: string) => {
    const start = performance.now();
    const { job } = await call<{ job?: { id: string } }>(method, path);
    measures.push({ what: `${what}: answered after`, value: performance.now() - start, unit: 'ms' });
    for (let state = job ? 'queued' : 'finished'; state !== 'finished'; ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const now = await call<{ state: string; error?: string }>('GET', `/v1/jobs/${job?.id}`);
      state = now.state;
      if (state === 'failed') throw new Error(now.error);
    }
    measures.push({ what: `${what}: done after`, value: performance.now() - start, unit: 'ms' });
  };
  await timed(
    `delete with ${CONTACTS.toLocaleString('en')} contacts and ${RECORDS.toLocaleString('en')} records`,
    'DELETE',
    `/v1/customers/${id}`,
  );
  await timed('restore', 'POST', `/v1/bin/${id}/restore`);
  const { items } = await call<{ items: unknown[] }>('GET', '/v1/bin');
  if (items.length > 0) throw new Error('something is left in the bin');
  report('A large customer', measures);
});
