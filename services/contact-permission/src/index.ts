import { Database, migrate } from '@kontor/database';
import { defineService } from '@kontor/service';
import { ContactPermissionModule } from './contact-permission.module.js';
import { Env } from './env.js';
import { PermissionTable } from './migrations/1-permission.js';
import { Merged } from './migrations/2-merged.js';

export const service = defineService({
  name: 'contact-permission',
  env: Env,
  module: (env) => ContactPermissionModule.with(env),
  migrate: (env) => migrate(env.KONTOR_MIGRATION_URL ?? env.KONTOR_DATABASE_URL, [PermissionTable, Merged]),
  checks: (app) => [{ name: 'database', required: true, run: () => app.get(Database).ping() }],
});
