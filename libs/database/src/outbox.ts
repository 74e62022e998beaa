import { Bus, currentContext, describeError, toHeaders, Wakeable } from '@kontor/bus';
import type { EventContract } from '@kontor/contracts';
import { jetstream, type PubAck } from '@nats-io/jetstream';
import { headers as natsHeaders } from '@nats-io/nats-core';
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { type HeldLock, whileHolding } from './lock.js';

const used = new WeakSet<EntityManager>();
const BATCH = 100;
const EVERY_MS = 500;

/**
 * Writes an event into the outbox, in the transaction of the change that it announces: there is never one without the other.
 * It is published after the commit, in the order in which outbox rows were numbered, at least once.
 */
export async function emit<P extends z.ZodType>(tx: EntityManager, contract: EventContract<P>, payload: z.input<P>): Promise<void> {
  const context = currentContext();
  const parsed = contract.payload.parse(payload);
  const headers: Record<string, string> = {};
  for (const [key, values] of toHeaders({ ...context, deadline: undefined, idempotencyKey: undefined, signed: undefined }))
    headers[key] = values[0] ?? '';
  await tx.query('insert into outbox (subject, headers, payload) values ($1, $2, $3)', [
    Bus.subjectOf(contract, context.lane),
    JSON.stringify(headers),
    JSON.stringify(parsed),
  ]);
  used.add(tx);
}

interface Row {
  id: string;
  subject: string;
  headers: Record<string, string>;
  payload: string;
}

/**
 * Carries outbox rows to the stream. One relay per service, whoever holds the session lock: it reads the rows that are there, ordered by id,
 * publishes them and deletes what the broker has acknowledged. Not a cursor "id > last": rows commit in another order than they are numbered,
 * and a cursor loses those that commit late.
 */
export class Outbox {
  private readonly log = new Logger('Outbox');
  private readonly stopping = new AbortController();
  private relay?: Promise<void>;
  private readonly wakeable = new Wakeable(EVERY_MS);

  constructor(private readonly url: string) {}

  static wasUsed(tx: EntityManager): boolean {
    return used.has(tx);
  }

  start(bus: Bus): void {
    this.relay ??= this.run(bus);
  }

  /** Called after a commit, so that its events do not wait for the next look. */
  wake(): void {
    this.wakeable.wake();
  }

  /** Publishes what is there once more, then ends. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.relay;
  }

  private async run(bus: Bus): Promise<void> {
    const { signal } = this.stopping;
    const carry = async ({ client, held }: HeldLock): Promise<void> => {
      const query = async (sql: string, parameters: unknown[]) => (await client.query(sql, parameters)).rows as Row[];
      for (;;) {
        // A round that begins after the signal sees what the last requests wrote; so it goes out before the process ends.
        const last = signal.aborted;
        if (!last && !held()) return;
        // A wake-up meanwhile means that there is something this round may not have seen.
        const more = (await this.publishSome(bus, query)) || this.wakeable.takeWakeUp();
        if (last && !more) return;
        if (!more) await this.wakeable.rest();
      }
    };
    await whileHolding(this.url, 'outbox', signal, carry, (error) =>
      this.log.warn({ event: 'outbox-interrupted', ...describeError(error) }),
    );
  }

  /** Publishes up to a hundred rows at once and deletes those that the broker has; true when there may be more. */
  private async publishSome(bus: Bus, query: (sql: string, parameters: unknown[]) => Promise<Row[]>): Promise<boolean> {
    const rows = await query('select id, subject, headers, payload::text as payload from outbox order by id limit $1', [BATCH]);
    if (!rows.length) return false;
    const stream = jetstream(bus.connection, { timeout: 5_000 });
    const outcomes = await Promise.allSettled(
      rows.map((row): Promise<PubAck> => {
        const headers = natsHeaders();
        for (const [key, value] of Object.entries(row.headers)) headers.set(key, value);
        return stream.publish(row.subject, row.payload, { msgID: `${bus.options.name}:${row.id}`, headers });
      }),
    );
    const published = rows.filter((_, i) => outcomes[i]?.status === 'fulfilled').map((row) => row.id);
    if (published.length) await query('delete from outbox where id = any($1)', [published]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return rows.length === BATCH;
  }
}
