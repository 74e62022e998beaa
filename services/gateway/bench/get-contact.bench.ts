// GET of one contact at the gateway with 32 connections: requests per second and p99.
import { report, withHub } from '@kontor/testing/bench';
import autocannon from 'autocannon';

await withHub(async ({ hub, token, call }) => {
  const contact = await call<{ id: string }>('POST', '/v1/contacts', {
    firstName: 'Anna',
    lastName: 'Müller',
    emails: [{ address: 'anna@post.example' }],
  });
  const run = (seconds: number) =>
    autocannon({
      url: `${hub.api}/v1/contacts/${contact.id}`,
      connections: 32,
      duration: seconds,
      workers: 1,
      headers: { authorization: `Bearer ${token}` },
    });
  await run(3);
  const { requests, latency, non2xx, errors } = await run(10);
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} calls failed`);
  report('GET of one contact, 32 connections', [
    { what: 'requests per second', value: requests.average, unit: '/s' },
    { what: 'p50', value: latency.p50, unit: 'ms' },
    { what: 'p99', value: latency.p99, unit: 'ms' },
  ]);
});
