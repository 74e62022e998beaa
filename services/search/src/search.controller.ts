import { Handle } from '@kontor/bus';
import { forgetInSearch, type InputOf, search } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ForgetService } from './forget.service.js';
import { SearchService } from './search.service.js';

@Controller()
export class SearchController {
  constructor(
    private readonly service: SearchService,
    private readonly forgetting: ForgetService,
  ) {}

  @Handle(search)
  find(query: InputOf<typeof search>) {
    return this.service.find(query);
  }

  @Handle(forgetInSearch)
  forget(about: InputOf<typeof forgetInSearch>) {
    return this.forgetting.forget(about);
  }
}
