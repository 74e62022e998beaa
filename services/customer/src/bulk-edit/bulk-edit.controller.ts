import { Handle } from '@kontor/bus';
import { changeContacts, changeCustomers, type InputOf } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ChangeContacts } from './change-contacts.js';
import { ChangeCustomers } from './change-customers.js';

@Controller()
export class BulkEditController {
  constructor(
    private readonly contacts: ChangeContacts,
    private readonly customers: ChangeCustomers,
  ) {}

  @Handle(changeContacts) changeContacts(input: InputOf<typeof changeContacts>) {
    return this.contacts.change(input);
  }
  @Handle(changeCustomers) changeCustomers(input: InputOf<typeof changeCustomers>) {
    return this.customers.change(input);
  }
}
