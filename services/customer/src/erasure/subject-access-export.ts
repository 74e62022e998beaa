import { AppError, Bus, currentContext, runAs, serviceContext } from '@kontor/bus';
import { collectInContactPermission, collectInImport, collectInNotification } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readContact } from '../tables/contact.table.js';
import { aboutEntry, withMerged } from './about-entry.js';

/** The subject-access export: everything that Kontor holds about a contact (docs/rules.md 6.4). */
@Injectable()
export class SubjectAccessExport {
  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
  ) {}

  async of(id: string): Promise<{ exportedAt: string } & Record<string, unknown>> {
    const { here, about } = await this.db.transaction(async (tx) => {
      const { mayWrite: _, readers: __, customerReaders: ___, ...contact } = await readContact(tx, id);
      const about = await aboutEntry(tx, 'contact', contact.id);
      return { here: { contact, ...(await readLocalData(tx, contact.id)) }, about };
    });
    if (!about) throw new AppError('not-found', 'There is no contact with this id');
    const [permission, notification, imports] = await runAs(
      serviceContext(currentContext().tenant, { deadline: currentContext().deadline }),
      () =>
        Promise.all([
          this.bus.request(collectInContactPermission, about),
          this.bus.request(collectInNotification, about),
          this.bus.request(collectInImport, about),
        ]),
    );
    return {
      exportedAt: new Date().toISOString(),
      ...here,
      contactPermission: permission.data,
      notification: notification.data,
      imports: imports.data,
    };
  }
}

/** The stored rows, without internal columns. */
async function readLocalData(tx: EntityManager, id: string): Promise<Record<string, unknown>> {
  const ids = await withMerged(tx, 'contact', id);
  const rows = async (sql: string): Promise<unknown[]> => {
    const found: { row: unknown }[] = await tx.query(
      `select to_jsonb(r) - 'tenant_id' - 'bin_id' - 'readers' - 'writers' as row from (${sql}) r`,
      [ids],
    );
    return found.map(({ row }) => row);
  };
  return {
    mergedFrom: await rows('select * from contact where id = any($1) and merged_into is not null'),
    history: await rows('select * from history where entry_id = any($1) order by at, version, entry_id'),
    requests: await rows('select * from request where people && $1::uuid[] or contact_id = any($1) order by id'),
    records: await rows('select * from record where contact_id = any($1) order by id'),
    comments: await rows(
      'select c.* from record_comment c join record t on t.tenant_id = c.tenant_id and t.id = c.record_id where t.contact_id = any($1) order by c.id',
    ),
    projects: await rows(
      `select t.id, t.source, t.external_id, t.title, m.added_at from project_member m
       join record t on t.tenant_id = m.tenant_id and t.id = m.project_id where m.contact_id = any($1) order by t.id`,
    ),
    photos: await rows(`select entry_id, media_type, encode(image, 'base64') as base64 from photo where entry_id = any($1)`),
  };
}
