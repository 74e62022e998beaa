import type { changeCustomers, InputOf } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { mergeCustomer } from '../customer/customer.service.js';
import { customerConditions } from '../customer/customer-lists.js';
import { readSettings } from '../settings/settings.service.js';
import {
  type CustomerRow,
  customerColumns,
  customerRead,
  readCustomers,
  type StoredCustomer,
  updateCustomers,
} from '../tables/customer.table.js';
import { BulkEditService, type EntityEditor, matchingIds } from './bulk-edit.service.js';
import { refuseBadChange } from './refuse-bad-change.js';

type Input = InputOf<typeof changeCustomers>;

const editing: EntityEditor<StoredCustomer, Input['change']> = {
  noun: 'customer',
  columns: customerColumns,
  read: readCustomers,
  async prepare(tx, change) {
    const settings = await readSettings(tx);
    await refuseBadChange(tx, 'customer', change, settings);
    return (before, given) => mergeCustomer(before, given, settings);
  },
  write: (tx, _befores, afters) => updateCustomers(tx, afters as readonly CustomerRow[]),
};

@Injectable()
export class ChangeCustomers {
  constructor(private readonly bulkEdit: BulkEditService) {
    bulkEdit.register(editing);
  }

  change({ ids, filter, change }: Input) {
    return this.bulkEdit.change(
      editing,
      change,
      async (tx) => ids ?? matchingIds(tx, customerRead.from, await customerConditions(tx, filter ?? {})),
    );
  }
}
