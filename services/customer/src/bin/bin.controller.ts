import { Handle } from '@kontor/bus';
import { type InputOf, listBin, listBinnedThings, purgeFromBin, restoreFromBin } from '@kontor/contracts';
import { Controller, Inject } from '@nestjs/common';
import { BinService } from './bin.service.js';

@Controller()
export class BinController {
  constructor(@Inject(BinService) private readonly bin: BinService) {}

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
