import {
  changeRecord,
  createRecordComment,
  deleteRecord,
  deleteRecordComment,
  getRecord,
  listRecordComments,
  listRecords,
  upsertRecords,
} from '@kontor/contracts';
import { controller } from './http/controller.js';
import { create, get, patch, put, remove } from './http/route.js';

// A request to a service must fit into one message of the bus (8 MB), with its headers.
const BULK_BYTES = 6 * 1024 * 1024;

export const RecordsController = controller('records', '/v1/records', [
  get('', listRecords),
  put('', upsertRecords, { maxBody: BULK_BYTES }),
  get(':id', getRecord),
  patch(':id', changeRecord),
  remove(':id', deleteRecord),
  get(':id/comments', listRecordComments),
  create(':id/comments', createRecordComment),
  remove(':id/comments/:commentId', deleteRecordComment),
]);
