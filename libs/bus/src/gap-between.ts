import type { ConsumerInfo } from '@nats-io/jetstream';

/**
 * Why events that were to come through the consumer may never come. What it has delivered and what it has still to deliver only grows together,
 * unless the stream has lost events: it was purged, or they were too old.
 */
export function gapBetween(before: ConsumerInfo | undefined, now: ConsumerInfo | undefined): string | undefined {
  if (!now) return 'the consumer does not exist';
  if (!before) return undefined;
  if (before.created !== now.created) return 'the consumer was created again';
  return counted(now) < counted(before) ? 'the stream has lost events' : undefined;
}

const counted = ({ delivered, num_pending }: ConsumerInfo) => delivered.consumer_seq + num_pending;
