import {
  changeCustomer,
  changeCustomers,
  createCustomer,
  deleteCustomer,
  eraseCustomer,
  exportCustomers,
  getCustomer,
  getCustomerHistory,
  listCustomerContacts,
  listCustomers,
  listRecipients,
  mergeCustomers,
  WhichCustomers,
} from '@kontor/contracts';
import { csvExport } from './csv-export.js';
import { controller } from './http/controller.js';
import { create, get, patch, post, remove } from './http/route.js';
import { photoRoutes } from './photos/photos.js';

export const CustomersController = controller('customers', '/v1/customers', [
  get('', listCustomers),
  create('', createCustomer),
  csvExport('customers', exportCustomers, WhichCustomers),
  patch('', changeCustomers, {}),
  post('merge', mergeCustomers, { query: ['dryRun'] }),
  get(':id', getCustomer),
  patch(':id', changeCustomer),
  remove(':id', deleteCustomer),
  get(':id/contacts', listCustomerContacts),
  get(':id/history', getCustomerHistory),
  post(':id/erase', eraseCustomer, { status: 202 }),
  get(':id/recipients', listRecipients),
  ...photoRoutes('customer'),
]);
