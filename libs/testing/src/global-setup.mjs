// Starts the one PostgreSQL that all test files of a run share, each with databases of its own. It starts beside the tests, not before
// them: who needs no database does not wait for it, and `freshDatabase` does.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import '../../../deploy/local/source-hook.mjs';

const MEMORY = '/dev/shm';
const ENOUGH = 3 * 1024 ** 3;

/**
 * Whether the data folders of the test servers fit into memory. Making and dropping a database is hundreds of files, which costs a file system
 * on a disk some thirty times as much.
 */
function hasMemoryForData() {
  if (!existsSync(MEMORY)) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return Math.min(bavail * bsize, freemem()) > ENOUGH;
}

// biome-ignore lint/style/noDefaultExport: Jest calls the default export
export default async function setup() {
  process.env.KONTOR_TEST_RUN = randomBytes(4).toString('hex');
  if (!process.env.TMPDIR && hasMemoryForData()) {
    globalThis.kontorTestFolder = process.env.TMPDIR = mkdtempSync(join(MEMORY, 'kontor-tests-'));
    chmodSync(process.env.TMPDIR, 0o755); // PostgreSQL runs as somebody else when tests run as root
  }
  if (process.env.KONTOR_TEST_POSTGRES_URL) return; // one of your own
  const { freePort } = await import('../../../deploy/local/src/free-port.ts');
  const { dockerAnswers, startContainer } = await import('./servers-docker.ts');
  const port = await freePort();
  process.env.KONTOR_TEST_POSTGRES_URL = `postgres://kontor@127.0.0.1:${port}/postgres`;
  if (await dockerAnswers()) {
    const container = await startContainer('postgres', { user: 'kontor' }, port);
    process.env.KONTOR_TEST_POSTGRES_URL = `postgres://kontor@${container.host}:${port}/postgres`;
    globalThis.kontorTestPostgres = Promise.resolve(container);
    return;
  }
  const { launchServers } = await import('../../../deploy/local/src/servers.ts');
  globalThis.kontorTestPostgres = launchServers({ durable: false, postgres: { user: 'kontor', port } }).catch((error) => {
    console.error(`PostgreSQL for the tests did not start: ${error.message}`);
  });
}
