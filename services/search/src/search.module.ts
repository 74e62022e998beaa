import { Database, DatabaseModule } from '@kontor/database';
import { type DynamicModule, Module } from '@nestjs/common';
import { CareService } from './care/care.service.js';
import { ForgetService } from './care/forget.service.js';
import { Gaps } from './care/gaps.js';
import { Rebuilder } from './care/rebuilder.js';
import { Verifier } from './care/verifier.js';
import { Dictionary } from './dictionary/dictionary.js';
import type { Env } from './env.js';
import { CurrentIndex } from './indexes/current-index.js';
import { Fresh } from './indexes/fresh.js';
import { HandOver } from './indexes/hand-over.js';
import { IndexNames } from './indexes/index-names.js';
import { MeiliClient } from './indexes/meili.client.js';
import { Forgetter } from './indexing/forgetter.js';
import { IndexListener } from './indexing/index.listener.js';
import { Indexer } from './indexing/indexer.js';
import { DegradedSearch } from './search/degraded-search.js';
import { HitSearch } from './search/hit-search.js';
import { QueryResolver } from './search/query-resolver.js';
import { SearchService } from './search/search.service.js';
import { Seen } from './search/seen.js';
import { SuggestService } from './search/suggest.service.js';
import { SearchController } from './search.controller.js';
import { Writer } from './writer.js';

@Module({})
export class SearchModule {
  static with(env: Env): DynamicModule {
    return {
      module: SearchModule,
      imports: [DatabaseModule.with({ name: 'search', url: env.KONTOR_DATABASE_URL, poolSize: env.KONTOR_DATABASE_POOL })],
      controllers: [SearchController, IndexListener],
      providers: [
        {
          provide: MeiliClient,
          useFactory: () => new MeiliClient(env.KONTOR_MEILI_URL, env.KONTOR_MEILI_KEY, new IndexNames(env.KONTOR_MEILI_PREFIX)),
        },
        {
          provide: CurrentIndex,
          inject: [Database, MeiliClient],
          useFactory: (db: Database, meili: MeiliClient) => new CurrentIndex(db, meili, env.KONTOR_SEARCH_SETTLE_MS),
        },
        Fresh,
        Dictionary,
        Seen,
        DegradedSearch,
        QueryResolver,
        HitSearch,
        SearchService,
        SuggestService,
        Forgetter,
        HandOver,
        ForgetService,
        Indexer,
        Rebuilder,
        Verifier,
        CareService,
        Gaps,
        Writer,
      ],
    };
  }
}
