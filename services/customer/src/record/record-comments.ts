import { AppError, currentAgent, currentContext, NIL_UUID } from '@kontor/bus';
import type { InputOf, listRecordComments, RecordComment } from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor } from '../paging/page.js';
import { newId } from '../sql/new-id.js';
import { isoTimestamp } from '../sql/rows.js';
import { readRecord } from '../tables/record.table.js';

const read = `select m.id, m.record_id as "recordId", m.text, jsonb_build_object('id', m.agent_id, 'name', a.name) as agent,
    ${isoTimestamp('m.created_at')} as "createdAt"
  from record_comment m left join agent a on a.tenant_id = m.tenant_id and a.id = m.agent_id`;

/** Private comments on records. Anyone who may see a record may comment on it, including light agents (docs/rules.md 2.11). */
@Injectable()
export class RecordComments {
  constructor(private readonly db: Database) {}

  create(input: { id: string; text: string }): Promise<RecordComment> {
    return this.db.transaction(async (tx) => {
      await tx.query('select 1 from record where id = $1 for key share', [input.id]);
      const { id: recordId } = await readRecord(tx, input.id);
      const id = await idempotent(tx, input, async () => {
        const id = newId();
        await tx.query('insert into record_comment (id, record_id, agent_id, text) values ($1, $2, $3, $4)', [
          id,
          recordId,
          currentAgent().id,
          input.text,
        ]);
        return id;
      });
      const [comment]: RecordComment[] = await tx.query(`${read} where m.id = $1`, [id]);
      if (!comment) throw noComment();
      return comment;
    });
  }

  list({ id, limit, cursor }: InputOf<typeof listRecordComments>): Promise<{ items: RecordComment[]; nextCursor: string | null }> {
    return this.db.transaction(async (tx) => {
      await readRecord(tx, id);
      const after = cursor === undefined ? '' : decodeCursor(cursor, 'comment')[1];
      const rows: RecordComment[] = await tx.query(`${read} where m.record_id = $1 and m.id > $2 order by m.id limit ${limit + 1}`, [
        id,
        after || NIL_UUID,
      ]);
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { items: rows.slice(0, limit), nextCursor: last ? encodeCursor('comment', '', last.id) : null };
    });
  }

  async delete({ id, commentId }: { id: string; commentId: string }): Promise<Record<string, never>> {
    await this.db.transaction(async (tx) => {
      await readRecord(tx, id);
      const [comment]: { agentId: string }[] = await tx.query(
        'select agent_id as "agentId" from record_comment where id = $1 and record_id = $2 for update',
        [commentId, id],
      );
      if (!comment) throw noComment();
      if (comment.agentId !== currentAgent().id && !currentContext().roles.includes('admin'))
        throw new AppError('forbidden', 'Only its author and admins may delete this comment');
      await tx.query('delete from record_comment where id = $1', [commentId]);
    });
    return {};
  }
}

const noComment = () => new AppError('not-found', 'There is no comment with this id on this record');
