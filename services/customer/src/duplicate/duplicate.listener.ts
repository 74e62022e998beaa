import { On } from '@kontor/bus';
import { contactsChanged, type PayloadOf } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { untilQuiet } from '../changes/quiet.js';
import { Radar } from './radar.js';

// An import that never ends must not keep the radar from ever looking.
const MOST_MS = 60_000;

/** Follows what this service itself tells, so that nobody who writes waits for the radar. */
@Controller()
export class DuplicateListener {
  constructor(private readonly radar: Radar) {}

  @On(contactsChanged, { as: 'find-duplicates-people', lane: 'people' })
  findAmongPeoples({ changes }: PayloadOf<typeof contactsChanged>) {
    return this.radar.lookAt(changes.map(({ id }) => id));
  }

  // Some at once, so that the database works on one while this process works on another.
  @On(contactsChanged, { as: 'find-duplicates-bulk', lane: 'bulk', concurrency: 3 })
  async findAmongMany({ changes }: PayloadOf<typeof contactsChanged>) {
    await untilQuiet(MOST_MS);
    await this.radar.lookAt(changes.map(({ id }) => id));
  }
}
