import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Objm } from '@nats-io/obj';

const SECOND = 1_000_000_000;
const DAY = 24 * 60 * 60 * SECOND;
const MB = 1024 * 1024;

export interface ProvisionOptions {
  /** 1 on one node, 3 on a cluster. */
  replicas?: number;
  /** The object store buckets, by name, with how many bytes each may hold. Uploaded files go after 7 days at the latest. */
  buckets?: Record<string, number>;
  maxBytes?: number;
}

/**
 * Makes the streams and buckets, or brings their settings up to date. One step before the services start, not by every replica at boot.
 * Limits retention, no compression, no per-subject limits: the plain settings, because the others are where data was lost in released versions.
 */
export async function provision(connection: NatsConnection, options: ProvisionOptions = {}): Promise<void> {
  const { replicas = 1, buckets = { imports: 10_240 * MB }, maxBytes = 4_096 * MB } = options;
  const manager = await jetstreamManager(connection);
  const stream = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    deny_delete: true,
    duplicate_window: 120 * SECOND,
    max_msg_size: 512 * 1024,
  };
  const wanted = [
    { ...stream, name: 'EVENTS', subjects: ['events.>'], max_age: 7 * DAY, max_bytes: maxBytes },
    { ...stream, name: 'DEAD', subjects: ['dead.>'], max_age: 30 * DAY, max_bytes: maxBytes / 4 },
  ];
  for (const config of wanted) {
    const known = await manager.streams.info(config.name).catch(absent);
    if (known) await manager.streams.update(config.name, config);
    else await manager.streams.add(config);
  }
  const objects = new Objm(connection);
  for (const [name, bytes] of Object.entries(buckets))
    await objects.create(name, { ttl: 7 * DAY, max_bytes: bytes, replicas, storage: StorageType.File });
}

/** Only a stream that is not there yet is to be made; any other failure is one. */
function absent(error: unknown): undefined {
  if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)) throw error;
}
