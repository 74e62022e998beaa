import { Handle } from '@kontor/bus';
import { getMerge, type InputOf, listMerges, mergeContacts, mergeCustomers, undoMerge } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { MergeService } from './merge.service.js';
import { MergeLists } from './merge-lists.js';
import { UndoMerge } from './undo-merge.js';

@Controller()
export class MergeController {
  constructor(
    private readonly merges: MergeService,
    private readonly lists: MergeLists,
    private readonly undoing: UndoMerge,
  ) {}

  @Handle(mergeContacts) mergeContacts(input: InputOf<typeof mergeContacts>) {
    return this.merges.merge('contact', input);
  }
  @Handle(mergeCustomers) mergeCustomers(input: InputOf<typeof mergeCustomers>) {
    return this.merges.merge('customer', input);
  }
  @Handle(getMerge) get({ id }: InputOf<typeof getMerge>) {
    return this.lists.get(id);
  }
  @Handle(listMerges) list(input: InputOf<typeof listMerges>) {
    return this.lists.list(input);
  }
  @Handle(undoMerge) undo({ id }: InputOf<typeof undoMerge>) {
    return this.undoing.undo(id);
  }
}
