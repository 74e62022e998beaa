import { AppError, currentContext } from '@kontor/bus';
import type { DuplicatePair, ListDuplicates } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { decodeCursor, encodeCursor } from '../paging/page.js';
import { contactSummary } from '../tables/contact.table.js';
import { bothChangeable, bothVisible, type JudgedPair, readVisible } from './duplicate.table.js';

type StoredPair = JudgedPair & { id: string };

const ORDER = '-score';

@Injectable()
export class DuplicateService {
  constructor(private readonly db: Database) {}

  /** The queue, likeliest pairs first; ties are broken by id. */
  list({ limit, cursor, minScore, contactId }: ListDuplicates): Promise<{ items: DuplicatePair[]; nextCursor: string | null }> {
    return this.db.transaction(async (tx) => {
      const parameters: unknown[] = [minScore];
      const where = [`p.state = 'open'`, 'p.score >= $1', bothVisible()];
      if (contactId !== undefined) where.push(`$${parameters.push(contactId)} in (p.a, p.b)`);
      if (cursor !== undefined) {
        const [score, id] = positionOf(cursor);
        where.push(`(p.score, p.id) < ($${parameters.push(score)}, $${parameters.push(id)})`);
      }
      const rows: StoredPair[] = await tx.query(
        `select p.id, p.a, p.b, p.score, p.reasons from duplicate_pair p where ${where.join(' and ')} order by p.score desc, p.id desc limit ${limit + 1}`,
        parameters,
      );
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        items: await withContacts(tx, rows.slice(0, limit)),
        nextCursor: last ? encodeCursor(ORDER, String(last.score), last.id) : null,
      };
    });
  }

  /** Stored by the two ids, so that it holds however the contacts change. Idempotent. Hides the pair from everybody. */
  dismiss(id: string): Promise<DuplicatePair> {
    return this.db.transaction(async (tx) => {
      const rows: (StoredPair & { mayWrite: boolean })[] = await tx.query(
        `select p.id, p.a, p.b, p.score, p.reasons, ${bothChangeable()} as "mayWrite" from duplicate_pair p
         where p.id = $1 and ${bothVisible()} for no key update of p`,
        [id],
      );
      const [pair] = await withContacts(tx, rows);
      if (!pair) throw new AppError('not-found', 'There is no pair with this id; GET /v1/duplicates lists the existing ones');
      if (!rows[0]?.mayWrite) throw new AppError('forbidden', 'You may not change both of these contacts; ask their owners or an admin');
      await tx.query(
        `update duplicate_pair set state = 'dismissed', dismissed_by = coalesce(dismissed_by, $2), dismissed_at = coalesce(dismissed_at, now())
         where id = $1`,
        [id, currentContext().agent?.id ?? null],
      );
      return pair;
    });
  }
}

async function withContacts(tx: EntityManager, pairs: readonly StoredPair[]): Promise<DuplicatePair[]> {
  if (pairs.length === 0) return [];
  const contacts = await readVisible(tx, [...new Set(pairs.flatMap(({ a, b }) => [a, b]))]);
  const summaries = new Map(contacts.map((contact) => [contact.id, contactSummary(contact)]));
  return pairs.flatMap(({ id, a, b, score, reasons }) => {
    const one = summaries.get(a);
    const other = summaries.get(b);
    return one && other ? [{ id, contacts: [one, other] as [typeof one, typeof other], score, reasons }] : [];
  });
}

/** Refuses a forged cursor like one of another list, before PostgreSQL parses it as a number. */
function positionOf(cursor: string): [string, string] {
  const place = decodeCursor(cursor, ORDER);
  return place.every((part) => part !== '') && Number.isFinite(Number(place[0])) ? place : decodeCursor('', ORDER);
}
