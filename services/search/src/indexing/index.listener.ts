import { Bus, type Lane, On } from '@kontor/bus';
import { type Change, contactsChanged, customersChanged, listContactIds, type PayloadOf } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { WRITER } from '../indexes/writer-lock.js';
import { currentTenant } from '../tenant.js';
import { Indexer } from './indexer.js';

/** Follows what changes in the customer service. What the changes were does not matter: the indexer asks what the entries are now. */
@Controller()
export class IndexListener {
  constructor(
    private readonly indexer: Indexer,
    private readonly bus: Bus,
  ) {}

  @On(contactsChanged, { as: 'index-people', lane: 'people', concurrency: 256, behind: WRITER })
  indexPeople({ changes }: PayloadOf<typeof contactsChanged>) {
    return this.refresh(changes, 'people');
  }

  // An event of an import holds up to 1,000 contacts: so many wait that Meilisearch never waits for the next batch.
  @On(contactsChanged, { as: 'index-bulk', lane: 'bulk', concurrency: 100, behind: WRITER })
  indexBulk({ changes }: PayloadOf<typeof contactsChanged>) {
    return this.refresh(changes, 'bulk');
  }

  @On(customersChanged, { as: 'index-customers-people', lane: 'people', concurrency: 16, behind: WRITER })
  indexCustomersPeople({ changes }: PayloadOf<typeof customersChanged>) {
    return this.refreshCustomers(changes, 'people');
  }

  // Few at a time: an event may hold 1,000 customers, each with all its contacts to index again.
  @On(customersChanged, { as: 'index-customers-bulk', lane: 'bulk', concurrency: 4, behind: WRITER })
  indexCustomersBulk({ changes }: PayloadOf<typeof customersChanged>) {
    return this.refreshCustomers(changes, 'bulk');
  }

  private async refreshCustomers(changes: readonly Change[], lane: Lane): Promise<void> {
    await this.refresh(changes, lane);
    for (const { id } of changes.filter(concernsContacts)) await this.refreshContacts(id);
  }

  private refresh(changes: readonly Change[], lane: Lane): Promise<void> {
    return this.indexer.refresh(currentTenant(), changes, lane);
  }

  /** Contacts are found by the name of their customer, and by nobody who may not see that. */
  private async refreshContacts(customerId: string): Promise<void> {
    for (let after: string | undefined; ; ) {
      const { ids } = await this.bus.request(listContactIds, { customerId, after });
      if (!ids.length) return;
      const refs = ids.map((id) => ({ id, version: 0 }));
      await this.indexer.refresh(currentTenant(), refs, 'bulk');
      after = ids.at(-1);
    }
  }
}

const CARRIED = ['name', 'access', 'ownerId'];
const concernsContacts = ({ change, fields }: Change) =>
  change !== 'created' && (fields === undefined || fields.some((field) => CARRIED.includes(field)));
