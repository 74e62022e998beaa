import { DatabaseModule } from '@kontor/database';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Env } from './env.js';
import { PermissionController } from './permission.controller.js';
import { PermissionListener } from './permission.listener.js';
import { PermissionService } from './permission.service.js';

@Module({})
export class ContactPermissionModule {
  static with(env: Env): DynamicModule {
    return {
      module: ContactPermissionModule,
      imports: [
        DatabaseModule.with({
          name: 'contact-permission',
          url: env.KONTOR_DATABASE_URL,
          poolSize: env.KONTOR_DATABASE_POOL,
        }),
      ],
      controllers: [PermissionController, PermissionListener],
      providers: [PermissionService],
    };
  }
}
