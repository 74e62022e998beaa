import { type Change, contactsChanged, customersChanged } from '@kontor/contracts';
import { emit } from '@kontor/database';
import type { EntityManager } from 'typeorm';
import type { Changes } from './primary-contact.js';

const MOST = 1000; // changes an event may hold

/** Writes the events of a step into its transaction: what happened to one contact or customer is told once, with its last version. */
export async function tell(tx: EntityManager, changes: Changes): Promise<void> {
  const contacts = lastOfEach(changes.contacts);
  const customers = lastOfEach(changes.customers);
  for (let i = 0; i < customers.length; i += MOST) await emit(tx, customersChanged, { changes: customers.slice(i, i + MOST) });
  for (let i = 0; i < contacts.length; i += MOST) await emit(tx, contactsChanged, { changes: contacts.slice(i, i + MOST) });
}

function lastOfEach(changes: readonly Change[]): Change[] {
  const byId = new Map<string, Change>();
  for (const change of changes) {
    const known = byId.get(change.id);
    byId.set(
      change.id,
      known && known.change === 'created'
        ? { ...change, change: 'created' }
        : known
          ? { ...change, fields: [...new Set([...(known.fields ?? []), ...(change.fields ?? [])])] }
          : change,
    );
  }
  return [...byId.values()];
}
