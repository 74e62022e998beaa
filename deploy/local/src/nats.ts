import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsBinary } from './binaries.js';
import { type Running, run, untilReady } from './process.js';

export interface NatsOptions {
  dir: string;
  port: number;
  /** The whole configuration but the address and the folder (see nats-policy.ts). */
  config: string;
  /** What the configuration takes from the environment. */
  env?: Record<string, string>;
}

export function startNats({ dir, port, config, env }: NatsOptions): Promise<Running> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, 'nats.conf');
  writeFileSync(file, config, { mode: 0o600 });
  chmodSync(file, 0o600);
  const name = `NATS (port ${port})`;
  const server = run({
    name,
    command: natsBinary(),
    args: ['-c', file, '-a', '127.0.0.1', '-p', `${port}`, '-sd', join(dir, 'store')],
    env,
    stopSignal: 'SIGTERM',
  });
  return untilReady(name, server, () => server.log().includes('Server is ready'));
}
