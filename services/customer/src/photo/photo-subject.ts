import type { Link } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { recordAndPublish, type Step } from '../changes/changes.js';
import { readContact, updateContacts, writableContact } from '../tables/contact.table.js';
import { readCustomer, updateCustomer, writableCustomer } from '../tables/customer.table.js';

/** The entry whose picture a call is about. */
export interface PhotoOwner {
  kind: 'contact' | 'customer';
  id: string;
}

/** A contact or customer, as far as its picture is concerned. */
export interface PhotoSubject extends PhotoOwner {
  version: number;
  links: Link[];
  /** The names for the initials, in display order. */
  names: string[];
  /** Records and publishes the change of the picture, with the ETags in the history. Returns the new version. */
  changed(from: string | null, to: string | null): Promise<number>;
}

const HAN = /^\p{Script=Han}/u;

/** Reads the entry with the rights of the caller; with `lock`, for changing it. */
export async function readPhotoSubject(tx: EntityManager, { kind, id }: PhotoOwner, lock?: 'lock'): Promise<PhotoSubject> {
  if (kind === 'customer') {
    const customer = await (lock ? writableCustomer : readCustomer)(tx, id);
    const { version, links, name } = customer;
    return photoSubject(tx, { kind, id: customer.id, version, links, names: [name] }, () => updateCustomer(tx, customer));
  }
  const contact = await (lock ? writableContact : readContact)(tx, id);
  const { version, links, firstName, lastName, displayName } = contact;
  const parts = (HAN.test(lastName ?? '') ? [lastName, firstName] : [firstName, lastName]).filter((part) => part !== null);
  const names = parts.length > 0 ? parts : [displayName];
  return photoSubject(tx, { kind, id: contact.id, version, links, names }, () => updateContacts(tx, [contact]));
}

/** Updates the entry without changes to increment its version, so that versioning stays in the modules of the tables. */
function photoSubject(tx: EntityManager, entry: Omit<PhotoSubject, 'changed'>, write: () => Promise<void>): PhotoSubject {
  const { kind, id, version } = entry;
  return {
    ...entry,
    async changed(from, to) {
      await write();
      const change: Step = { id, version: version + 1, change: 'updated', fields: { photo: [from, to] } };
      await recordAndPublish(tx, { contacts: kind === 'contact' ? [change] : [], customers: kind === 'customer' ? [change] : [] });
      return change.version;
    },
  };
}
