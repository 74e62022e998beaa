import { AppError } from '@kontor/bus';
import type { EntityManager } from 'typeorm';
import { mayRead, readOnly } from '../access/access.js';
import { contactRead, readContact, type StoredContact } from '../tables/contact.table.js';

const NAMED = 10;

/** The contact to link a request to; this requires write access to the contact. */
export async function contactToLink(tx: EntityManager, id: string): Promise<StoredContact> {
  const contact = await readContact(tx, id).catch((error: unknown) => {
    if (!(error instanceof AppError && error.code === 'not-found')) throw error;
    const message = 'must be the id of a contact';
    throw new AppError('invalid', `contactId: ${message}`, { errors: [{ path: 'contactId', message, code: 'unknown' }] });
  });
  if (!contact.mayWrite) throw readOnly('contact');
  return contact;
}

/** The contact with this employee code, undefined if there is none. Refused, with their ids, if there are several. */
export async function contactWithCode(tx: EntityManager, code: string): Promise<StoredContact | undefined> {
  const rows: { id: string }[] = await tx.query(
    `select t.id from ${contactRead.from}
     where t.id in (select a.contact_id from contact_key a where a.kind = 'code' and a.value = $1) and t.deleted_at is null and ${mayRead('contact')}
     order by t.id`,
    [code],
  );
  if (rows.length > 1)
    throw new AppError('conflict', `${rows.length} contacts have the employee code ${code}; choose one of them with contactId`, {
      count: rows.length,
      contactIds: rows.slice(0, NAMED).map(({ id }) => id),
      errors: [{ path: 'caller.employeeCode', message: `belongs to ${rows.length} contacts`, code: 'ambiguous' }],
    });
  return rows[0] && contactToLink(tx, rows[0].id);
}
