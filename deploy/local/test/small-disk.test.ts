import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { NotEnoughStorage, provision } from '@kontor/bus';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { natsConfig, natsUsers, passwordVariable } from '../src/nats-policy.js';
import { launchServers } from '../src/servers.js';

const env = Object.fromEntries(natsUsers().map((user) => [passwordVariable(user), 'secret']));
const made = natsConfig({ durable: false });

/** Runs a NATS server with this configuration and gives the administrator's connection to the work. */
async function withNats<T>(config: string, work: (admin: Awaited<ReturnType<typeof connect>>) => Promise<T>): Promise<T> {
  const servers = await launchServers({ durable: false, nats: { config, env } });
  const admin = await connect({ servers: servers.nats?.url, user: 'admin', pass: 'secret', inboxPrefix: '_INBOX_admin' });
  try {
    return await work(admin);
  } finally {
    await admin.close();
    await servers.stop();
  }
}

test('streams are made, and made again, that may grow to more than the disk has free', async () => {
  const { bavail, bsize } = statfsSync(tmpdir());
  const options = { maxBytes: 2 * bavail * bsize };
  await withNats(made, async (admin) => {
    await provision(admin, options);
    await provision(admin, options);
    expect((await (await jetstreamManager(admin)).streams.info('EVENTS')).config.max_bytes).toBe(options.maxBytes);
  });
});

test('a server with a smaller storage limit is refused with a sentence that says how much is needed, and the setting', async () => {
  const small = made.replace('max_file_store: 1PB', 'max_file_store: 3GB');
  expect(small).not.toBe(made);
  const refusal = await withNats(small, (admin) => provision(admin).catch((error: unknown) => error));
  expect(refusal).toBeInstanceOf(NotEnoughStorage);
  expect((refusal as Error).message).toMatch(/may grow to 15360 MB together.*max_file_store/);
});
