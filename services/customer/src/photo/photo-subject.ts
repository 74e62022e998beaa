import type { Link } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { recordAndPublish, type Step } from '../changes/changes.js';
import { readContact, updateContacts, writableContact } from '../tables/contact.table.js';
import { readCustomer, updateCustomer, writableCustomer } from '../tables/customer.table.js';

/** Whose picture a call is about. */
export interface PhotoOwner {
  kind: 'contact' | 'customer';
  id: string;
}

/** A contact or customer, as far as its picture is concerned. */
export interface PhotoSubject extends PhotoOwner {
  version: number;
  links: Link[];
  /** What its initials are taken from, in the order in which they are shown. */
  names: string[];
  /** Raises its version and tells that it has another picture, of which the history keeps the ETags; gives the new version. */
  changed(from: string | null, to: string | null): Promise<number>;
}

const HAN = /^\p{Script=Han}/u;

/** Reads it as the calling agent may; `lock` is for who is going to change it. */
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

/** Writing the entry as it is raises its version, and keeps what its own table says about versions in one place. */
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
