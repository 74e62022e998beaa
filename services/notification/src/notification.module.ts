import { DatabaseModule } from '@kontor/database';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Env } from './env.js';
import { MailFlagsController } from './mail-flags.controller.js';
import { MailFlagsListener } from './mail-flags.listener.js';
import { MailFlagsService } from './mail-flags.service.js';

@Module({})
export class NotificationModule {
  static with(env: Env): DynamicModule {
    return {
      module: NotificationModule,
      imports: [
        DatabaseModule.with({
          name: 'notification',
          url: env.KONTOR_DATABASE_URL,
          poolSize: env.KONTOR_DATABASE_POOL,
        }),
      ],
      controllers: [MailFlagsController, MailFlagsListener],
      providers: [MailFlagsService],
    };
  }
}
