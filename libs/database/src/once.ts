import { createHash } from 'node:crypto';
import { AppError, currentAgent, currentContext } from '@kontor/bus';
import type { EntityManager } from 'typeorm';

/**
 * Whether this is the first time that `consumer` meets the message. The note of it is part of the transaction: when that fails,
 * the next time is the first again. For effects that cannot be repeated, like a mail.
 */
export async function once(tx: EntityManager, consumer: string, messageId: string): Promise<boolean> {
  const rows: unknown[] = await tx.query('insert into inbox (consumer, message_id) values ($1, $2) on conflict do nothing returning 1', [
    consumer,
    messageId,
  ]);
  return rows.length > 0;
}

const KEPT = '24 hours';

/**
 * Runs `make` once per (tenant, agent, Idempotency-Key); a repeat within 24 h gets what the first call returned, which is kept as JSON and so
 * should be ids rather than personal data. The key is kept in the transaction of the change. Calls with one key at the same time wait for each other.
 * The same key with another body is refused with `key-reused`. Without a key it just runs.
 */
export async function idempotent<T>(tx: EntityManager, body: unknown, make: () => Promise<T>): Promise<T> {
  const { tenant, idempotencyKey: key } = currentContext();
  if (!key) return make();
  const agent = currentAgent().id;
  const hash = createHash('sha256').update(JSON.stringify(body)).digest();
  await tx.query(
    `delete from idempotency_key where tenant_id = $1 and agent_id = $2 and key = $3 and created_at < now() - interval '${KEPT}'`,
    [tenant, agent, key],
  );
  const first: unknown[] = await tx.query(
    'insert into idempotency_key (tenant_id, agent_id, key, body_hash) values ($1, $2, $3, $4) on conflict do nothing returning 1',
    [tenant, agent, key, hash],
  );
  if (first.length === 0) {
    const [known]: { body_hash: Buffer; result: T }[] = await tx.query(
      'select body_hash, ids as result from idempotency_key where tenant_id = $1 and agent_id = $2 and key = $3',
      [tenant, agent, key],
    );
    if (!known?.body_hash.equals(hash))
      throw new AppError('key-reused', 'This Idempotency-Key was used before with another body; use a new key for a new request');
    return known.result;
  }
  const result = await make();
  await tx.query('update idempotency_key set ids = $4 where tenant_id = $1 and agent_id = $2 and key = $3', [
    tenant,
    agent,
    key,
    JSON.stringify(result),
  ]);
  return result;
}

/** Deletes what nobody can ask for any more: idempotency keys after 24 h, inbox notes after the 7 days that events are kept. */
export async function forgetOldKeys(tx: EntityManager): Promise<void> {
  await tx.query(`delete from idempotency_key where created_at < now() - interval '${KEPT}'`);
  await tx.query(`delete from inbox where received_at < now() - interval '8 days'`);
}
