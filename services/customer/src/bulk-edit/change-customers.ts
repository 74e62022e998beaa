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
import { ChangeMany, type Editing, matching } from './change-many.js';
import { refuseBadChange } from './refuse-bad-change.js';

type Input = InputOf<typeof changeCustomers>;

const editing: Editing<StoredCustomer, Input['change']> = {
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
  constructor(private readonly many: ChangeMany) {
    many.on(editing);
  }

  change({ ids, filter, change }: Input) {
    return this.many.change(
      editing,
      change,
      async (tx) => ids ?? matching(tx, customerRead.from, await customerConditions(tx, filter ?? {})),
    );
  }
}
