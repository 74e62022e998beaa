import { Handle } from '@kontor/bus';
import { dismissDuplicate, type InputOf, listDuplicates } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { DuplicateService } from './duplicate.service.js';

@Controller()
export class DuplicateController {
  constructor(private readonly duplicates: DuplicateService) {}

  @Handle(listDuplicates) list(input: InputOf<typeof listDuplicates>) {
    return this.duplicates.list(input);
  }
  @Handle(dismissDuplicate) dismiss({ id }: InputOf<typeof dismissDuplicate>) {
    return this.duplicates.dismiss(id);
  }
}
