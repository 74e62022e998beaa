import {
  changeRequest,
  copyToWorkSite,
  createRequest,
  deleteRequest,
  getRequest,
  getRequestDifferences,
  listRequests,
  saveCaller,
} from '@kontor/contracts';
import { controller } from './http/controller.js';
import { create, get, patch, post, remove } from './http/route.js';

export const RequestsController = controller('requests', '/v1/requests', [
  get('', listRequests),
  create('', createRequest),
  get(':id', getRequest),
  patch(':id', changeRequest),
  remove(':id', deleteRequest),
  post(':id/work-site-address', copyToWorkSite),
  get(':id/differences', getRequestDifferences),
  post(':id/contact', saveCaller),
]);
