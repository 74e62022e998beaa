import { On } from '@kontor/bus';
import { contactsChanged, type PayloadOf } from '@kontor/contracts';
import { Controller, Inject } from '@nestjs/common';
import { Radar } from './radar.js';

@Controller()
export class DuplicateListener {
  constructor(@Inject(Radar) private readonly radar: Radar) {}

  @On(contactsChanged, { as: 'find-duplicates' })
  findDuplicates({ changes }: PayloadOf<typeof contactsChanged>) {
    return this.radar.lookAt(changes.map(({ id }) => id));
  }
}
