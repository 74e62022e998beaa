import { Database, migrate } from '@kontor/database';
import { defineService } from '@kontor/service';
import { Env } from './env.js';
import { MailFlagsTable } from './migrations/1-mail-flags.js';
import { Merged } from './migrations/2-merged.js';
import { NotificationModule } from './notification.module.js';

export const service = defineService({
  name: 'notification',
  env: Env,
  module: (env) => NotificationModule.with(env),
  migrate: (env) => migrate(env.KONTOR_MIGRATION_URL ?? env.KONTOR_DATABASE_URL, [MailFlagsTable, Merged]),
  checks: (app) => [{ name: 'database', required: true, run: () => app.get(Database).ping() }],
});
