import { Database, migrate } from '@kontor/database';
import { defineService } from '@kontor/service';
import { Env } from './env.js';
import { FileStore } from './files/file-store.js';
import { ImportModule } from './import.module.js';
import { ImportTables } from './migrations/1-import-tables.js';
import { UploadedBy } from './migrations/2-uploaded-by.js';
import { Reading } from './migrations/3-reading.js';

export const service = defineService({
  name: 'import',
  env: Env,
  module: (env) => ImportModule.with(env),
  migrate: (env) => migrate(env.KONTOR_MIGRATION_URL ?? env.KONTOR_DATABASE_URL, [ImportTables, UploadedBy, Reading]),
  checks: (app) => [
    { name: 'database', required: true, run: () => app.get(Database).ping() },
    { name: 'files', required: true, run: () => app.get(FileStore).ping() },
  ],
});
