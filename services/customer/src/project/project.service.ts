import type { InputOf, listProjectMembers, Summary } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { publishDerivedChange } from '../changes/changes.js';
import { Conditions, readPage } from '../paging/page.js';
import { contactRead, contactSummary, type StoredContact, writableContact } from '../tables/contact.table.js';
import { readRecord, writableRecord } from '../tables/record.table.js';

type Membership = { id: string; contactId: string };

/** Projects are records of that kind; contacts are members of any number of them (docs/rules.md 4.2). */
@Injectable()
export class ProjectService {
  constructor(private readonly db: Database) {}

  addMember(input: Membership): Promise<Record<string, never>> {
    return this.change(input, 'insert into project_member (project_id, contact_id) values ($1, $2) on conflict do nothing returning 1');
  }

  removeMember(input: Membership): Promise<Record<string, never>> {
    return this.change(
      input,
      'with gone as (delete from project_member where project_id = $1 and contact_id = $2 returning 1) select * from gone',
    );
  }

  /** Membership does not change the version of the contact, but is published, because contacts are searched by project. */
  private async change({ id, contactId }: Membership, sql: string): Promise<Record<string, never>> {
    await this.db.transaction(async (tx) => {
      // The contact is locked before the project, to keep the lock order.
      await readRecord(tx, id, 'project');
      const contact = await writableContact(tx, contactId);
      const project = await writableRecord(tx, id, 'project');
      const changed: unknown[] = await tx.query(sql, [project.id, contact.id]);
      if (changed.length > 0) await publishDerivedChange(tx, 'contact', [contact.id], 'projectIds');
    });
    return {};
  }

  members({ id, sort, limit, cursor }: InputOf<typeof listProjectMembers>): Promise<{ items: Summary[]; nextCursor: string | null }> {
    return this.db.transaction(async (tx) => {
      const project = await readRecord(tx, id, 'project');
      const where = Conditions.live('contact').add(
        't.id in (select m.contact_id from project_member m where m.project_id = $)',
        project.id,
      );
      const { rows, nextCursor } = await readPage<StoredContact>(tx, { ...contactRead, where, sort, limit, cursor });
      return { items: rows.map(contactSummary), nextCursor };
    });
  }
}
