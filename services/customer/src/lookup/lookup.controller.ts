import { Handle } from '@kontor/bus';
import { type CallerFound, type InputOf, lookUpCaller } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Controller } from '@nestjs/common';
import { mayReadListed } from '../access/access.js';
import { phoneKeys, searchPhoneKeys } from '../fields/phone-number.js';
import { readSettings } from '../settings/settings.service.js';
import { contactRead, contactSummary, type StoredContact } from '../tables/contact.table.js';

const MAX_FOUND = 50;
/** The most contacts with the same main number that are checked for an extension. */
const MAX_PER_MAIN_NUMBER = 1_000;

@Controller()
export class LookupController {
  constructor(private readonly db: Database) {}

  /** The contacts with exactly this number: those that have it as the primary one first, then the most recently changed. */
  @Handle(lookUpCaller) lookUp({ phone }: InputOf<typeof lookUpCaller>): Promise<{ items: CallerFound[] }> {
    return this.db.transaction(async (tx) => {
      const wanted = searchPhoneKeys(restorePlus(phone), (await readSettings(tx)).country);
      const main = wanted.at(-1);
      if (main === undefined) return { items: [] };
      const rows: StoredContact[] = await tx.query(
        `select ${contactRead.columns} from ${contactRead.from} join (
           select a.contact_id, a.is_primary, t.updated_at from contact_key a join contact t on t.tenant_id = a.tenant_id and t.id = a.contact_id
           where a.kind = 'phone' and a.value = $1 and t.deleted_at is null and ${mayReadListed('contact')}
           order by a.is_primary desc, t.updated_at desc, t.id limit ${wanted.length > 1 ? MAX_PER_MAIN_NUMBER : MAX_FOUND}
         ) best on best.contact_id = t.id
         order by best.is_primary desc, t.updated_at desc, t.id`,
        [main],
      );
      return {
        items: rows
          .flatMap((contact) => {
            const matching = contact.phones.filter((one) => matchesNumber(phoneKeys(one), wanted));
            const matched = matching.find((one) => one.primary) ?? matching[0];
            return matched ? [{ ...contactSummary(contact), matched }] : [];
          })
          .slice(0, MAX_FOUND),
      };
    });
  }
}

/** A main number matches all of its extensions; a number with an extension matches that extension and the bare main number. */
const matchesNumber = (keys: readonly string[], wanted: readonly string[]) =>
  keys.at(-1) === wanted.at(-1) && (keys.length === 1 || wanted.length === 1 || keys[0] === wanted[0]);

/** Restores a leading "+" that was not URL-encoded and therefore arrived as a space. */
const restorePlus = (phone: string) => phone.replace(/^ +(?=\d)/, '+');
