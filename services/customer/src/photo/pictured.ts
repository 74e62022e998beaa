import type { Link } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { type Step, tell } from '../changes/changes.js';
import { readContact, updateContacts, writableContact } from '../tables/contact.table.js';
import { readCustomer, updateCustomer, writableCustomer } from '../tables/customer.table.js';

/** Whose picture a call is about. */
export interface Of {
  kind: 'contact' | 'customer';
  id: string;
}

/** A contact or customer, as far as its picture is concerned. */
export interface Pictured extends Of {
  version: number;
  links: Link[];
  /** What its initials are taken from, in the order in which they are shown. */
  names: string[];
  /** Raises its version and tells that it has another picture, of which the history keeps the ETags; gives the new version. */
  changed(from: string | null, to: string | null): Promise<number>;
}

const HAN = /^\p{Script=Han}/u;

/** Reads it as the calling agent may; `lock` is for who is going to change it. */
export async function readPictured(tx: EntityManager, { kind, id }: Of, lock?: 'lock'): Promise<Pictured> {
  if (kind === 'customer') {
    const customer = await (lock ? writableCustomer : readCustomer)(tx, id);
    const { version, links, name } = customer;
    return pictured(tx, { kind, id: customer.id, version, links, names: [name] }, () => updateCustomer(tx, customer));
  }
  const contact = await (lock ? writableContact : readContact)(tx, id);
  const { version, links, firstName, lastName, displayName } = contact;
  const parts = (HAN.test(lastName ?? '') ? [lastName, firstName] : [firstName, lastName]).filter((part) => part !== null);
  const names = parts.length > 0 ? parts : [displayName];
  return pictured(tx, { kind, id: contact.id, version, links, names }, () => updateContacts(tx, [contact]));
}

/** Writing the entry as it is raises its version, and keeps what its own table says about versions in one place. */
function pictured(tx: EntityManager, entry: Omit<Pictured, 'changed'>, write: () => Promise<void>): Pictured {
  const { kind, id, version } = entry;
  return {
    ...entry,
    async changed(from, to) {
      await write();
      const change: Step = { id, version: version + 1, change: 'updated', fields: { photo: [from, to] } };
      await tell(tx, { contacts: kind === 'contact' ? [change] : [], customers: kind === 'customer' ? [change] : [] });
      return change.version;
    },
  };
}
