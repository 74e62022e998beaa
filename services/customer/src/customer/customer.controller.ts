import { Handle } from '@kontor/bus';
import {
  changeCustomer,
  createCustomer,
  getCustomer,
  getCustomerContacts,
  getEntries,
  getIndexEntries,
  type InputOf,
  listCustomerContacts,
  listCustomers,
  listHiddenOpportunities,
  listVersions,
} from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ContactLists } from '../contact/list-contacts.js';
import { CustomerService } from './customer.service.js';
import { CustomerLists } from './customer-lists.js';

@Controller()
export class CustomerController {
  constructor(
    private readonly customers: CustomerService,
    private readonly lists: CustomerLists,
    private readonly contacts: ContactLists,
  ) {}

  @Handle(createCustomer) create(input: InputOf<typeof createCustomer>) {
    return this.customers.create(input);
  }
  @Handle(getCustomer) get({ id }: InputOf<typeof getCustomer>) {
    return this.customers.get(id);
  }
  @Handle(changeCustomer) change(input: InputOf<typeof changeCustomer>) {
    return this.customers.change(input);
  }
  @Handle(listCustomers) list(input: InputOf<typeof listCustomers>) {
    return this.lists.list(input);
  }
  @Handle(listCustomerContacts) listContacts(input: InputOf<typeof listCustomerContacts>) {
    return this.contacts.ofCustomer(input);
  }
  @Handle(getCustomerContacts) contactsOf(input: InputOf<typeof getCustomerContacts>) {
    return this.lists.contactsOf(input);
  }
  @Handle(getIndexEntries) indexEntries(input: InputOf<typeof getIndexEntries>) {
    return this.lists.entries(input);
  }
  @Handle(getEntries) entries(input: InputOf<typeof getEntries>) {
    return this.lists.entries(input);
  }
  @Handle(listHiddenOpportunities) hiddenOpportunities() {
    return this.lists.hiddenOpportunities();
  }
  @Handle(listVersions) listVersions(input: InputOf<typeof listVersions>) {
    return this.lists.versionsOf(input);
  }
}
