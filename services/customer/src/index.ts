import { Database, migrate } from '@kontor/database';
import { defineService } from '@kontor/service';
import { CustomerModule } from './customer.module.js';
import { Env } from './env.js';
import { FirstTables } from './migrations/1-first-tables.js';

export const service = defineService({
  name: 'customer',
  env: Env,
  module: (env) => CustomerModule.with(env),
  migrate: (env) => migrate(env.KONTOR_MIGRATION_URL ?? env.KONTOR_DATABASE_URL, [FirstTables]),
  checks: (app) => [{ name: 'database', required: true, run: () => app.get(Database).ping() }],
});
