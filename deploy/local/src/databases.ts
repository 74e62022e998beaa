import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface ServiceDatabase {
  /** As the role the service runs with: it owns nothing and row-level security holds for it. */
  url: string;
  /** As the role that owns the database and makes its tables. */
  migrationUrl: string;
}

export interface Passwords {
  service: string;
  migrator: string;
}

const randomPasswords = (): Passwords => ({
  service: randomBytes(18).toString('base64url'),
  migrator: randomBytes(18).toString('base64url'),
});

// For what a service does in a request or an event. Migrations have none: the migrator builds indexes for as long as it takes.
const TIMEOUTS = { statement_timeout: '30s', lock_timeout: '5s', idle_in_transaction_session_timeout: '30s', transaction_timeout: '60s' };
// Compiling a statement to machine code takes some 30 ms, which what a service asks is never worth: it cost a search for `Meier~` a third of its time.
const SETTINGS = { ...TIMEOUTS, jit: 'off' };

const PROVISIONING = 0x6b6f6e74; // 'kont'

/**
 * Makes the database `name` (if it is not there yet) with its two roles `name` and `name_migrator`, and sets their passwords.
 * `adminUrl` is a superuser's: only one may give BYPASSRLS, which migrations need because policies are forced.
 */
export async function createServiceDatabase(adminUrl: string, name: string, passwords = randomPasswords()): Promise<ServiceDatabase> {
  const service = pg.escapeIdentifier(name);
  const migrator = pg.escapeIdentifier(`${name}_migrator`);
  await asAdmin(adminUrl, async (admin) => {
    const { rows } = await admin.query<{ database: boolean; service: boolean; migrator: boolean }>(
      `select exists (select from pg_database where datname = $1) as database,
              exists (select from pg_roles where rolname = $1) as service,
              exists (select from pg_roles where rolname = $2) as migrator`,
      [name, `${name}_migrator`],
    );
    const is = rows[0] ?? { database: false, service: false, migrator: false };
    const plain = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD';
    await admin.query(
      [
        `${is.service ? 'ALTER' : 'CREATE'} ROLE ${service} ${plain} ${pg.escapeLiteral(passwords.service)} NOBYPASSRLS`,
        `${is.migrator ? 'ALTER' : 'CREATE'} ROLE ${migrator} ${plain} ${pg.escapeLiteral(passwords.migrator)} BYPASSRLS`,
        // A role may always change its own password and settings, which PostgreSQL cannot forbid; both are set again here.
        `ALTER ROLE ${service} RESET ALL`,
        ...Object.entries(SETTINGS).map(([setting, value]) => `ALTER ROLE ${service} SET ${setting} = '${value}'`),
      ].join('; '),
    );
    if (!is.database) await admin.query(`CREATE DATABASE ${service} OWNER ${migrator}`);
    await admin.query(`ALTER ROLE ${service} IN DATABASE ${service} RESET ALL`);
    // Everybody may connect to these two unless told otherwise. One at a time, because two that change the same row of the catalogue fail.
    await admin.query('SELECT pg_advisory_lock($1)', [PROVISIONING]);
    await admin.query('REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC');
  });
  // TEMPORARY: rows of an import are copied into a temporary table first, because COPY does not go through row-level security.
  await asAdmin(urlFor(adminUrl, name), (admin) =>
    admin.query(`
      REVOKE ALL ON DATABASE ${service} FROM PUBLIC;
      GRANT CONNECT, TEMPORARY ON DATABASE ${service} TO ${service};
      REVOKE ALL ON SCHEMA public FROM PUBLIC;
      GRANT USAGE ON SCHEMA public TO ${service};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${migrator} GRANT USAGE ON SCHEMAS TO ${service};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${migrator} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${service};
      ALTER DEFAULT PRIVILEGES FOR ROLE ${migrator} GRANT USAGE, SELECT ON SEQUENCES TO ${service};
      CREATE EXTENSION IF NOT EXISTS pg_trgm;
      CREATE EXTENSION IF NOT EXISTS btree_gin;
    `),
  );
  return {
    url: urlFor(adminUrl, name, name, passwords.service),
    migrationUrl: urlFor(adminUrl, name, `${name}_migrator`, passwords.migrator),
  };
}

/** Removes the database with its roles, whoever is still connected. */
export async function dropServiceDatabase(adminUrl: string, name: string): Promise<void> {
  await asAdmin(adminUrl, async (admin) => {
    await admin.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
    await admin.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(name)}, ${pg.escapeIdentifier(`${name}_migrator`)}`);
  });
}

function urlFor(adminUrl: string, database: string, user?: string, password?: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  if (user) url.username = encodeURIComponent(user);
  if (password) url.password = encodeURIComponent(password);
  return url.href;
}

async function asAdmin<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}
