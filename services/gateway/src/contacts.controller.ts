import {
  changeContact,
  changeContacts,
  createContact,
  createContacts,
  deleteContact,
  eraseContact,
  exportContacts,
  getContact,
  getContactHistory,
  getEverything,
  getMailFlags,
  getPermissions,
  listContacts,
  lookUpCaller,
  mergeContacts,
  moveContact,
  setMailFlags,
  setPermissions,
  upsertContacts,
  WhichContacts,
} from '@kontor/contracts';
import { csvExport } from './csv-export.js';
import { controller } from './http/controller.js';
import { create, get, patch, post, put, remove } from './http/route.js';
import { photoRoutes } from './photos/photos.js';

// A request to a service must fit into one message of the bus (8 MB), with its headers.
const BULK_BYTES = 6 * 1024 * 1024;

export const ContactsController = controller('contacts', '/v1/contacts', [
  get('', listContacts),
  create('', createContact),
  put('', upsertContacts, { maxBody: BULK_BYTES }),
  csvExport('contacts', exportContacts, WhichContacts),
  patch('', changeContacts, {}),
  post('bulk', createContacts, { maxBody: BULK_BYTES }),
  get('lookup', lookUpCaller),
  post('merge', mergeContacts, { query: ['dryRun'] }),
  get(':id', getContact),
  patch(':id', changeContact),
  remove(':id', deleteContact),
  put(':id/customer', moveContact, {}),
  get(':id/history', getContactHistory),
  get(':id/everything', getEverything),
  post(':id/erase', eraseContact, { status: 202 }),
  get(':id/permissions', getPermissions),
  put(':id/permissions', setPermissions, { body: 'change' }),
  get(':id/notifications', getMailFlags),
  put(':id/notifications', setMailFlags, { body: 'change' }),
  ...photoRoutes('contact'),
]);
