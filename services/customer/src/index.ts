import { Database, migrate } from '@kontor/database';
import { defineService } from '@kontor/service';
import { CustomerModule } from './customer.module.js';
import { Env } from './env.js';
import { FirstTables } from './migrations/1-first-tables.js';
import { AccessHistoryBinJobs } from './migrations/2-access-history-bin-jobs.js';
import { Records } from './migrations/3-records.js';
import { Requests } from './migrations/4-requests.js';
import { Photos } from './migrations/5-photos.js';
import { Merges } from './migrations/6-merges.js';
import { Duplicates } from './migrations/7-duplicates.js';
import { Erasures } from './migrations/8-erasures.js';
import { ListIndexes } from './migrations/9-list-indexes.js';
import { Sets } from './migrations/10-sets.js';
import { ValueRules } from './migrations/11-value-rules.js';
import { renewValues } from './renew/renew-values.js';

/** In the order in which they are run. */
const migrations = [
  FirstTables,
  AccessHistoryBinJobs,
  Records,
  Requests,
  Photos,
  Merges,
  Duplicates,
  Erasures,
  ListIndexes,
  Sets,
  ValueRules,
];

export const service = defineService({
  name: 'customer',
  env: Env,
  module: (env) => CustomerModule.with(env),
  migrate: (env) => migrate(env.KONTOR_MIGRATION_URL ?? env.KONTOR_DATABASE_URL, migrations, () => renewValues(env.KONTOR_DATABASE_URL)),
  checks: (app) => [{ name: 'database', required: true, run: () => app.get(Database).ping() }],
});
