import { Handle } from '@kontor/bus';
import { type InputOf, search } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { SearchService } from './search.service.js';

@Controller()
export class SearchController {
  constructor(private readonly service: SearchService) {}

  @Handle(search)
  find(query: InputOf<typeof search>) {
    return this.service.find(query);
  }
}
