import { Handle } from '@kontor/bus';
import { type CallerFound, type InputOf, lookUpCaller } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Controller, Inject } from '@nestjs/common';
import { mayReadListed } from '../access/access.js';
import { contactRead, contactSummary, type StoredContact } from '../contact/contact.table.js';
import { readSettings } from '../settings/settings.service.js';
import { keyOf, phoneKey } from '../values/phone-number.js';

const MOST = 50;

@Controller()
export class LookupController {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Who has exactly this number: those of whom it is the primary one first, then who was changed last. */
  @Handle(lookUpCaller) lookUp({ phone }: InputOf<typeof lookUpCaller>): Promise<{ items: CallerFound[] }> {
    return this.db.transaction(async (tx) => {
      const key = phoneKey(written(phone), (await readSettings(tx)).country);
      if (!key) return { items: [] };
      const rows: StoredContact[] = await tx.query(
        `select ${contactRead.columns} from ${contactRead.from} join (
           select a.contact_id, a.is_primary, t.updated_at from contact_key a join contact t on t.tenant_id = a.tenant_id and t.id = a.contact_id
           where a.kind = 'phone' and a.value = $1 and t.deleted_at is null and ${mayReadListed('contact')}
           order by a.is_primary desc, t.updated_at desc, t.id limit ${MOST}
         ) best on best.contact_id = t.id
         order by best.is_primary desc, t.updated_at desc, t.id`,
        [key],
      );
      return {
        items: rows.flatMap((contact) => {
          const having = contact.phones.filter((one) => keyOf(one) === key);
          const matched = having.find((one) => one.primary) ?? having[0];
          return matched ? [{ ...contactSummary(contact), matched }] : [];
        }),
      };
    });
  }
}

/** As somebody writes a number: without what a link puts before it, and with the "+" that arrives as a space when it was not encoded. */
const written = (phone: string) => phone.replace(/^\s*tel:/i, '').replace(/^ +(?=\d)/, '+');
