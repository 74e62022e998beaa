import type { Job } from '@kontor/contracts';
import { Database, mayTakeLong } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { noChanges, recordAndPublish } from '../changes/changes.js';
import { Jobs, type OpenJob } from '../job/job.service.js';
import { limits } from '../job/limits.js';
import { requestView, writableRequest } from '../request/request.table.js';
import { writableContact } from '../tables/contact.table.js';
import { readCustomer, readCustomers, writableCustomer } from '../tables/customer.table.js';
import { refuseMerged } from '../tables/merged-into.js';
import { lockCustomersOf } from '../tables/primary-contact.js';
import { writableRecord } from '../tables/record.table.js';
import { refuseStale } from '../tables/refuse-stale.js';
import { binContact, binCustomer, binRecord, binRequest, countThings, lockTreeForRemoval, refuseProtected } from './bin-things.js';

interface Deletion {
  id: string;
  version?: number;
}

/** Deletes by moving to the bin: single entries, and customers with everything that belongs to them. */
@Injectable()
export class DeleteService {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
  ) {
    jobs.on<{ id: string }, object>('delete-customer', (job) => this.finishCustomer(job));
  }

  async contact({ id, version }: Deletion): Promise<Record<string, never>> {
    await this.db.transaction(async (tx) => {
      await lockCustomersOf(tx, [id]);
      const before = await writableContact(tx, id);
      refuseMerged('contact', id, before.id);
      await refuseStale(tx, before, version);
      const changes = noChanges();
      await binContact(tx, before, changes);
      await recordAndPublish(tx, changes);
    });
    return {};
  }

  async record({ id, version }: Deletion): Promise<Record<string, never>> {
    await this.db.transaction(async (tx) => {
      const before = await writableRecord(tx, id);
      await refuseStale(tx, before, version);
      await binRecord(tx, before);
    });
    return {};
  }

  async request({ id, version }: Deletion): Promise<Record<string, never>> {
    await this.db.transaction(async (tx) => {
      const before = await writableRequest(tx, id);
      await refuseStale(tx, requestView(before), version);
      await binRequest(tx, before);
    });
    return {};
  }

  /** Becomes a job if very much is deleted with it. */
  customer({ id, version }: Deletion): Promise<{ job?: Job }> {
    return this.db.transaction(async (tx) => {
      const found = await readCustomer(tx, id);
      refuseMerged('customer', id, found.id);
      const departments = await lockTreeForRemoval(tx, found.id);
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
      await recordAndPublish(tx, changes);
      return {};
    });
  }

  /** One transaction regardless of the size, so that a customer is never partially deleted. */
  private finishCustomer(job: OpenJob<{ id: string }, object>): Promise<void> {
    return this.db.transaction(async (tx) => {
      await mayTakeLong(tx);
      await lockTreeForRemoval(tx, job.input.id);
      const [customer] = await readCustomers(tx, [job.input.id]);
      // Already deleted meanwhile.
      if (!customer) return;
      const changes = noChanges();
      await binCustomer(tx, customer, changes);
      await recordAndPublish(tx, changes);
      await this.jobs.advance(tx, job as OpenJob, job.total, {
        customers: changes.customers.length,
        contacts: changes.contacts.length,
      });
    });
  }
}
