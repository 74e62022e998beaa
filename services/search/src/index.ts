import { Database, migrate } from '@kontor/database';
import { defineService } from '@kontor/service';
import { Env } from './env.js';
import { assertIndexCreated } from './indexes/current-index.js';
import { MeiliClient } from './indexes/meili.client.js';
import { DictionaryTables } from './migrations/1-dictionary.js';
import { ForgettingTable } from './migrations/2-forgetting.js';
import { FreshTables } from './migrations/3-fresh.js';
import { SearchModule } from './search.module.js';

export const service = defineService({
  name: 'search',
  env: Env,
  module: (env) => SearchModule.with(env),
  migrate: (env) => migrate(env.KONTOR_MIGRATION_URL ?? env.KONTOR_DATABASE_URL, [DictionaryTables, ForgettingTable, FreshTables]),
  checks: (app) => [
    { name: 'database', required: true, run: () => app.get(Database).ping() },
    { name: 'index', required: true, run: () => assertIndexCreated(app.get(Database)) },
    { name: 'meilisearch', required: false, run: () => app.get(MeiliClient).ping() },
  ],
});
