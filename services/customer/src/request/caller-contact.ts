import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import { mayRead, readOnly } from '../access/access.js';
import { contactRead, readContact, type StoredContact } from '../tables/contact.table.js';

const NAMED = 10;

/** The contact that a request is to be linked to: who may not change a contact does not start requests for it either. */
export async function contactToLink(tx: EntityManager, id: string): Promise<StoredContact> {
  const contact = await readContact(tx, id).catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'not-found')) throw error;
    const message = 'names no contact';
    throw new AppError('invalid', `contactId: ${message}`, { errors: [{ path: 'contactId', message, code: 'unknown' }] });
  });
  if (!contact.mayWrite) throw readOnly('contact');
  return contact;
}

/** The contact that has this employee code; undefined when none has, and a refusal that names them when several have. */
export async function contactWithCode(tx: EntityManager, code: string): Promise<StoredContact | undefined> {
  const rows: { id: string }[] = await tx.query(
    `select t.id from ${contactRead.from}
     where t.id in (select a.contact_id from contact_key a where a.kind = 'code' and a.value = $1) and t.deleted_at is null and ${mayRead('contact')}
     order by t.id`,
    [code],
  );
  if (rows.length > 1)
    throw new AppError('conflict', `${rows.length} contacts have the employee code ${code}; say with contactId which of them it is`, {
      count: rows.length,
      contactIds: rows.slice(0, NAMED).map(({ id }) => id),
      errors: [{ path: 'caller.employeeCode', message: `is that of ${rows.length} contacts`, code: 'ambiguous' }],
    });
  return rows[0] && contactToLink(tx, rows[0].id);
}
