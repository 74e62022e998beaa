import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { Objm } from '@nats-io/obj';

const SECOND = 1_000_000_000;
const DAY = 24 * 60 * 60 * SECOND;
const MB = 1024 * 1024;

/** Durable consumers that no service pulls from any more. Left behind by an update, they would count events as waiting for ever. */
const RETIRED = ['search-index-customers'];

export interface ProvisionOptions {
  /** 1 on one node, 3 on a cluster. */
  replicas?: number;
  /** The object store buckets, by name, with how many bytes each may hold. Uploaded files go after 7 days at the latest. */
  buckets?: Record<string, number>;
  maxBytes?: number;
}

/** NATS may not store as much as the streams and buckets may hold; the message says what would help. */
export class NotEnoughStorage extends Error {
  override name = 'NotEnoughStorage';
}
/** What the server answers when `max_file_store` is less than all limits together; without that setting it is three quarters of the free disk. */
const STORAGE_RESOURCES_EXCEEDED = 10047;

/**
 * Makes the streams and buckets, or brings their settings up to date, and takes consumers away that nobody has any more. One step before the services start, not by every replica at boot.
 * Limits retention, no compression, no per-subject limits: the plain settings, because the others are where data was lost in released versions.
 */
export async function provision(connection: NatsConnection, options: ProvisionOptions = {}): Promise<void> {
  const { replicas = 1, buckets = { imports: 10_240 * MB }, maxBytes = 4_096 * MB } = options;
  await makeAll(connection, { replicas, buckets, maxBytes }).catch((error: unknown) => {
    if (!(error instanceof JetStreamApiError && error.code === STORAGE_RESOURCES_EXCEEDED)) throw error;
    const needed = maxBytes + maxBytes / 4 + Object.values(buckets).reduce((sum, bytes) => sum + bytes, 0);
    throw new NotEnoughStorage(
      `NATS may not store enough: the streams and buckets of Kontor may grow to ${Math.ceil(needed / MB)} MB together. Set max_file_store in the jetstream section of its configuration to at least that; it is a limit and takes no space.`,
    );
  });
}

async function makeAll(connection: NatsConnection, { replicas, buckets, maxBytes }: Required<ProvisionOptions>): Promise<void> {
  const manager = await jetstreamManager(connection);
  const stream = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    // Messages stay until they expire, whoever asks to delete them; both can be set on a stream that is there, and never taken back.
    deny_delete: true,
    deny_purge: true,
    duplicate_window: 120 * SECOND,
    max_msg_size: 512 * 1024,
  };
  const wanted = [
    { ...stream, name: 'EVENTS', subjects: ['events.>'], max_age: 7 * DAY, max_bytes: maxBytes },
    { ...stream, name: 'DEAD', subjects: ['dead.>'], max_age: 30 * DAY, max_bytes: maxBytes / 4 },
  ];
  for (const config of wanted) {
    const known = await manager.streams.info(config.name).catch(onlyIf(JetStreamApiCodes.StreamNotFound));
    if (known) await manager.streams.update(config.name, config);
    else await manager.streams.add(config);
  }
  for (const name of RETIRED) await manager.consumers.delete('EVENTS', name).catch(onlyIf(JetStreamApiCodes.ConsumerNotFound));
  const objects = new Objm(connection);
  for (const [name, bytes] of Object.entries(buckets))
    await objects.create(name, { ttl: 7 * DAY, max_bytes: bytes, replicas, storage: StorageType.File });
}

/** Gives undefined for this error, which says that there is none; throws any other. */
const onlyIf =
  (code: number) =>
  (error: unknown): undefined => {
    if (!(error instanceof JetStreamApiError && error.code === code)) throw error;
  };
