import { Handle } from '@kontor/bus';
import {
  deleteContact,
  deleteCustomer,
  deleteRecord,
  deleteRequest,
  type InputOf,
  listBin,
  listBinnedThings,
  purgeFromBin,
  restoreFromBin,
} from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { BinService } from './bin.service.js';
import { DeleteService } from './delete.service.js';

@Controller()
export class BinController {
  constructor(
    private readonly bin: BinService,
    private readonly deleting: DeleteService,
  ) {}

  @Handle(deleteContact) deleteContact(input: InputOf<typeof deleteContact>) {
    return this.deleting.contact(input);
  }
  @Handle(deleteCustomer) deleteCustomer(input: InputOf<typeof deleteCustomer>) {
    return this.deleting.customer(input);
  }
  @Handle(deleteRecord) deleteRecord(input: InputOf<typeof deleteRecord>) {
    return this.deleting.record(input);
  }
  @Handle(deleteRequest) deleteRequest(input: InputOf<typeof deleteRequest>) {
    return this.deleting.request(input);
  }
  @Handle(listBin) list(input: InputOf<typeof listBin>) {
    return this.bin.list(input);
  }
  @Handle(listBinnedThings) things(input: InputOf<typeof listBinnedThings>) {
    return this.bin.things(input);
  }
  @Handle(restoreFromBin) restore(input: InputOf<typeof restoreFromBin>) {
    return this.bin.restore(input);
  }
  @Handle(purgeFromBin) purge({ id }: InputOf<typeof purgeFromBin>) {
    return this.bin.purge(id);
  }
}
