import { On } from '@kontor/bus';
import { contactsChanged, type PayloadOf } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { waitUntilIdle } from '../changes/bulk-activity.js';
import { DuplicateDetector } from './duplicate-detector.js';

// The longest time that a running import delays the detection.
const MAX_WAIT_MS = 60_000;

/** Listens to this service's own events, so that writes do not wait for the detection. */
@Controller()
export class DuplicateListener {
  constructor(private readonly detector: DuplicateDetector) {}

  @On(contactsChanged, { as: 'find-duplicates-people', lane: 'people' })
  onInteractiveChanges({ changes }: PayloadOf<typeof contactsChanged>) {
    return this.detector.check(changes.map(({ id }) => id));
  }

  // Concurrent, so that the database works on one event while this process works on another.
  @On(contactsChanged, { as: 'find-duplicates-bulk', lane: 'bulk', concurrency: 3 })
  async onBulkChanges({ changes }: PayloadOf<typeof contactsChanged>) {
    await waitUntilIdle(MAX_WAIT_MS);
    await this.detector.check(changes.map(({ id }) => id));
  }
}
