import { Database, DatabaseModule } from '@kontor/database';
import { type DynamicModule, Module } from '@nestjs/common';
import { CareService } from './care.service.js';
import { CurrentIndex } from './current-index.js';
import { Dictionary } from './dictionary.js';
import type { Env } from './env.js';
import { ForgetService } from './forget.service.js';
import { Forgetter } from './forgetter.js';
import { Fresh } from './fresh.js';
import { IndexListener } from './index.listener.js';
import { Indexer } from './indexer.js';
import { MeiliClient } from './meili.client.js';
import { Rebuilder } from './rebuilder.js';
import { SearchController } from './search.controller.js';
import { SearchService } from './search.service.js';
import { Seen } from './seen.js';
import { SuggestService } from './suggest.service.js';
import { Verifier } from './verifier.js';
import { Without } from './without-index.js';
import { Writer } from './writer.js';

@Module({})
export class SearchModule {
  static with(env: Env): DynamicModule {
    return {
      module: SearchModule,
      imports: [DatabaseModule.with({ name: 'search', url: env.KONTOR_DATABASE_URL, poolSize: env.KONTOR_DATABASE_POOL })],
      controllers: [SearchController, IndexListener],
      providers: [
        { provide: MeiliClient, useFactory: () => new MeiliClient(env.KONTOR_MEILI_URL, env.KONTOR_MEILI_KEY) },
        {
          provide: CurrentIndex,
          inject: [Database, MeiliClient],
          useFactory: (db: Database, meili: MeiliClient) => new CurrentIndex(db, meili, env.KONTOR_SEARCH_SETTLE_MS),
        },
        Fresh,
        Dictionary,
        Seen,
        Without,
        SearchService,
        SuggestService,
        Forgetter,
        ForgetService,
        Indexer,
        Rebuilder,
        Verifier,
        CareService,
        Writer,
      ],
    };
  }
}
