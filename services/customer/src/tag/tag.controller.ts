import { Handle } from '@kontor/bus';
import { type InputOf, listTags, renameTags } from '@kontor/contracts';
import { Controller, Inject } from '@nestjs/common';
import { ReplaceService } from '../replace/replace.service.js';
import { renamedTags } from '../replace/wishes.js';
import { TagList } from './tag-list.js';

@Controller()
export class TagController {
  constructor(
    @Inject(TagList) private readonly tags: TagList,
    @Inject(ReplaceService) private readonly replacing: ReplaceService,
  ) {}

  @Handle(listTags) list(input: InputOf<typeof listTags>) {
    return this.tags.list(input);
  }
  @Handle(renameTags) rename(input: InputOf<typeof renameTags>) {
    return this.replacing.replace(input, () => renamedTags(input));
  }
}
