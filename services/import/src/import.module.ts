import { DatabaseModule } from '@kontor/database';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Env } from './env.js';
import { ForgetService } from './erasure/forget.service.js';
import { FileStore } from './files/file-store.js';
import { ImportController } from './import.controller.js';
import { ImportEntity } from './import.entity.js';
import { ImportService } from './import.service.js';
import { ImportRunner } from './run/import-runner.js';

@Module({})
export class ImportModule {
  static with(env: Env): DynamicModule {
    return {
      module: ImportModule,
      imports: [
        DatabaseModule.with({ name: 'import', url: env.KONTOR_DATABASE_URL, poolSize: env.KONTOR_DATABASE_POOL, entities: [ImportEntity] }),
      ],
      controllers: [ImportController],
      providers: [ImportService, ImportRunner, ForgetService, FileStore],
    };
  }
}
