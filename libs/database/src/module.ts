import { Bus, describeError } from '@kontor/bus';
import {
  type DynamicModule,
  Global,
  Injectable,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Database, type DatabaseOptions } from './database.js';
import { forgetOldKeys } from './once.js';

/** Starts the relay with the service, and ends it after the last request has been answered. */
@Injectable()
class Lifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('Database');
  private cleaning?: NodeJS.Timeout;

  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
  ) {}

  onApplicationBootstrap(): void {
    this.db.outbox.start(this.bus);
    this.cleaning = setInterval(() => void this.forget(), 60 * 60 * 1000).unref();
  }

  /** What is not forgotten now is in an hour; until then it only takes room. */
  private async forget(): Promise<void> {
    await this.db
      .acrossTenants(forgetOldKeys)
      .catch((error: unknown) => this.log.warn({ event: 'old-keys-not-deleted', ...describeError(error) }));
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.cleaning);
    await this.db.close();
  }
}

/** Makes the service's `Database` injectable and runs its outbox relay. */
@Global()
@Module({})
export class DatabaseModule {
  static with(options: DatabaseOptions): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: Database, useFactory: () => Database.connect(options) }, Lifecycle],
      exports: [Database],
    };
  }
}
