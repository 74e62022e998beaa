import { setTimeout as sleep } from 'node:timers/promises';
import { createServiceDatabase, type ServiceDatabase } from '@kontor/local';
import pg from 'pg';

const BEING_ACCESSED = '55006'; // object_in_use: a connection of the migrations is still going
const PASSWORDS = { service: 'test-service', migrator: 'test-migrator' };

/**
 * A database of its own with all tables of the service: a copy of one that the first test file of the run makes and migrates.
 * All copies share the roles of that one, and go with it when the run ends.
 */
export async function migratedDatabase(
  adminUrl: string,
  service: string,
  name: string,
  migrate: (database: ServiceDatabase) => Promise<void>,
): Promise<ServiceDatabase> {
  const role = `${service.replaceAll('-', '_')}_${process.env.KONTOR_TEST_RUN}`;
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    const template = await templateOf(admin, adminUrl, role, migrate);
    await whileFree(() => admin.query(`create database ${name} template ${role} strategy file_copy owner ${role}_migrator`));
    await admin.query(`revoke all on database ${name} from public; grant connect, temporary on database ${name} to ${role}`);
    return { url: inDatabase(template.url, name), migrationUrl: inDatabase(template.migrationUrl, name) };
  } finally {
    await admin.end();
  }
}

async function templateOf(admin: pg.Client, adminUrl: string, role: string, migrate: (database: ServiceDatabase) => Promise<void>) {
  await admin.query('select pg_advisory_lock(hashtext($1))', [role]);
  try {
    const { rows } = await admin.query<{ note: string | null }>(
      `select shobj_description(oid, 'pg_database') as note from pg_database where datname = $1`,
      [role],
    );
    if (rows[0]?.note) return JSON.parse(rows[0].note) as ServiceDatabase;
    const template = await createServiceDatabase(adminUrl, role, PASSWORDS);
    await migrate(template);
    await admin.query(`comment on database ${role} is ${pg.escapeLiteral(JSON.stringify(template))}`);
    return template;
  } finally {
    await admin.query('select pg_advisory_unlock(hashtext($1))', [role]);
  }
}

async function whileFree(copy: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await copy();
      return;
    } catch (error) {
      if ((error as { code?: string }).code !== BEING_ACCESSED || tries === 200) throw error;
      await sleep(25);
    }
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
