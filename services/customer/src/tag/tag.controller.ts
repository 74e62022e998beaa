import { Handle } from '@kontor/bus';
import { type InputOf, listTags } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { TagList } from './tag-list.js';

@Controller()
export class TagController {
  constructor(private readonly tags: TagList) {}

  @Handle(listTags) list(input: InputOf<typeof listTags>) {
    return this.tags.list(input);
  }
}
