import { Handle } from '@kontor/bus';
import { forgetInSearch, getSearchStatus, type InputOf, rebuildIndex, search, suggest, verifyIndex } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ForgetService } from './maintenance/forget.service.js';
import { MaintenanceService } from './maintenance/maintenance.service.js';
import { SearchService } from './search/search.service.js';
import { SuggestService } from './search/suggest.service.js';

@Controller()
export class SearchController {
  constructor(
    private readonly service: SearchService,
    private readonly forgetting: ForgetService,
    private readonly maintenance: MaintenanceService,
    private readonly suggestions: SuggestService,
  ) {}

  @Handle(search)
  find(query: InputOf<typeof search>) {
    return this.service.find(query);
  }

  @Handle(suggest)
  suggest(query: InputOf<typeof suggest>) {
    return this.suggestions.suggest(query);
  }

  @Handle(getSearchStatus)
  status() {
    return this.maintenance.status();
  }

  @Handle(rebuildIndex)
  rebuild() {
    return this.maintenance.rebuild();
  }

  @Handle(verifyIndex)
  verify(input: InputOf<typeof verifyIndex>) {
    return this.maintenance.verify(input);
  }

  @Handle(forgetInSearch)
  forget(about: InputOf<typeof forgetInSearch>) {
    return this.forgetting.forget(about);
  }
}
