import type { Job } from '@kontor/contracts';
import { Database, mayTakeLong } from '@kontor/database';
import { Inject, Injectable } from '@nestjs/common';
import { readCustomer, readCustomers, writableCustomer } from '../customer/customer.table.js';
import { noChanges, tell } from '../history/changes.js';
import { Jobs, type OpenJob } from '../job/job.service.js';
import { limits } from '../job/limits.js';
import { refuseMerged } from '../values/merged-into.js';
import { refuseStale } from '../values/refuse-stale.js';
import { binCustomer, countThings, lockTreeToEnd, refuseProtected } from './bin-things.js';

/** Deleting a customer, which may take very much along. */
@Injectable()
export class DeleteCustomer {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {
    jobs.on<{ id: string }, object>('delete-customer', (job) => this.finish(job));
  }

  delete({ id, version }: { id: string; version?: number }): Promise<{ job?: Job }> {
    return this.db.transaction(async (tx) => {
      const found = await readCustomer(tx, id);
      refuseMerged('customer', id, found.id);
      const departments = await lockTreeToEnd(tx, found.id);
      const customer = await writableCustomer(tx, found.id);
      refuseMerged('customer', id, customer.id);
      await refuseStale(tx, customer, version);
      const things = await countThings(tx, departments);
      if (things > limits.jobAbove) {
        await refuseProtected(tx, departments);
        return { job: await this.jobs.create(tx, 'delete-customer', { id: customer.id }, things) };
      }
      const changes = noChanges();
      await binCustomer(tx, customer, changes);
      await tell(tx, changes);
      return {};
    });
  }

  /** All in one transaction, however much it is: it is there whole, or in the bin whole. */
  private finish(job: OpenJob<{ id: string }, object>): Promise<void> {
    return this.db.transaction(async (tx) => {
      await mayTakeLong(tx);
      await lockTreeToEnd(tx, job.input.id);
      const [customer] = await readCustomers(tx, [job.input.id]);
      // Deleted meanwhile: what was asked for is so.
      if (!customer) return;
      const changes = noChanges();
      await binCustomer(tx, customer, changes);
      await tell(tx, changes);
      await this.jobs.advance(tx, job as OpenJob, job.total, {
        customers: changes.customers.length,
        contacts: changes.contacts.length,
      });
    });
  }
}
