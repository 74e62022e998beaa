// One step before the services start, and again whenever deploy/ changes: databases with their roles, streams, buckets, and the key of
// the search service. Running it twice changes nothing. Needs administrators' rights, which no service has.
import { readFileSync } from 'node:fs';
import '../local/source-hook.mjs';
import { connect } from '@nats-io/transport-node';

const { createServiceDatabase } = await import('../local/src/databases.ts');
const { searchServiceKey } = await import('../local/src/meilisearch.ts');
const { NotEnoughStorage, provision } = await import('../../libs/bus/src/provision.ts');

const need = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

// Made from deploy/nats/policy.yaml, because the image of this step has no parser for it.
const services = JSON.parse(readFileSync(new URL('../nats/generated/databases.json', import.meta.url), 'utf8'));
for (const service of services) {
  const name = service.replaceAll('-', '_');
  await createServiceDatabase(need('KONTOR_POSTGRES_ADMIN_URL'), name, {
    service: need(`KONTOR_DATABASE_PASSWORD_${name.toUpperCase()}`),
    migrator: need(`KONTOR_MIGRATION_PASSWORD_${name.toUpperCase()}`),
  });
}

const admin = await connect({
  servers: need('KONTOR_NATS_URL'),
  user: 'admin',
  pass: need('KONTOR_NATS_PASSWORD_ADMIN'),
  inboxPrefix: '_INBOX_admin',
});
try {
  await provision(admin, { replicas: Number(process.env.KONTOR_NATS_REPLICAS || 1) });
} catch (error) {
  if (!(error instanceof NotEnoughStorage)) throw error;
  console.error(error.message);
  process.exit(1);
}
await admin.close();

const key = await searchServiceKey(need('KONTOR_MEILI_URL'), need('KONTOR_MEILI_MASTER_KEY'));
if (key !== need('KONTOR_MEILI_KEY'))
  throw new Error('KONTOR_MEILI_KEY is not the key that belongs to KONTOR_MEILI_MASTER_KEY: make both with deploy/docker/make-env.mjs');

console.log('databases, streams, buckets and keys are there');
