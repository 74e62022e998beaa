import { Database, DatabaseModule } from '@kontor/database';
import { type DynamicModule, Module } from '@nestjs/common';
import { Completer } from './dictionary/completer.js';
import { Dictionary } from './dictionary/dictionary.js';
import { DictionaryCheck } from './dictionary/dictionary-check.js';
import { DictionaryEraser } from './dictionary/dictionary-eraser.js';
import { DictionaryWriter } from './dictionary/dictionary-writer.js';
import { KnownTerms } from './dictionary/known-terms.js';
import { NameCounts } from './dictionary/name-counts.js';
import { DictionaryVacuum } from './dictionary/vacuum.js';
import type { Env } from './env.js';
import { CurrentIndex } from './indexes/current-index.js';
import { Fresh } from './indexes/fresh.js';
import { IndexContents } from './indexes/index-contents.js';
import { IndexNames } from './indexes/index-names.js';
import { IndexWriter } from './indexes/index-writer.js';
import { MeiliClient } from './indexes/meili.client.js';
import { BulkPipeline } from './indexing/bulk-pipeline.js';
import { BulkWorker } from './indexing/bulk-worker.js';
import { EntryTracker } from './indexing/entry-tracker.js';
import { Forgetter } from './indexing/forgetter.js';
import { IndexListener } from './indexing/index.listener.js';
import { Indexer } from './indexing/indexer.js';
import { InteractiveWorker } from './indexing/interactive-worker.js';
import { Lanes } from './indexing/lanes.js';
import { Settler } from './indexing/settler.js';
import { Sweeper } from './indexing/sweeper.js';
import { Upkeep } from './indexing/upkeep.js';
import { Comparison } from './maintenance/comparison.js';
import { ForgetService } from './maintenance/forget.service.js';
import { Gaps } from './maintenance/gaps.js';
import { MaintenanceService } from './maintenance/maintenance.service.js';
import { Rebuilder } from './maintenance/rebuilder.js';
import { Repairer } from './maintenance/repairer.js';
import { RequestFollower } from './maintenance/request-follower.js';
import { StatusService } from './maintenance/status.service.js';
import { Verifier } from './maintenance/verifier.js';
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
        Completer,
        NameCounts,
        KnownTerms,
        DictionaryWriter,
        DictionaryEraser,
        DictionaryCheck,
        DictionaryVacuum,
        Seen,
        DegradedSearch,
        QueryResolver,
        HitSearch,
        SearchService,
        SuggestService,
        Lanes,
        EntryTracker,
        InteractiveWorker,
        BulkWorker,
        BulkPipeline,
        Upkeep,
        Settler,
        Forgetter,
        Sweeper,
        IndexWriter,
        IndexContents,
        ForgetService,
        Indexer,
        Rebuilder,
        Comparison,
        Repairer,
        Verifier,
        RequestFollower,
        StatusService,
        MaintenanceService,
        Gaps,
        Writer,
      ],
    };
  }
}
