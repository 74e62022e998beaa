import { Handle } from '@kontor/bus';
import { forgetInSearch, getSearchStatus, type InputOf, rebuildIndex, search, suggest, verifyIndex } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { CareService } from './care/care.service.js';
import { ForgetService } from './care/forget.service.js';
import { SearchService } from './search/search.service.js';
import { SuggestService } from './search/suggest.service.js';

@Controller()
export class SearchController {
  constructor(
    private readonly service: SearchService,
    private readonly forgetting: ForgetService,
    private readonly care: CareService,
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
    return this.care.status();
  }

  @Handle(rebuildIndex)
  rebuild() {
    return this.care.rebuild();
  }

  @Handle(verifyIndex)
  verify(order: InputOf<typeof verifyIndex>) {
    return this.care.verify(order);
  }

  @Handle(forgetInSearch)
  forget(about: InputOf<typeof forgetInSearch>) {
    return this.forgetting.forget(about);
  }
}
