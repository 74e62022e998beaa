import { getSearchStatus, rebuildIndex, search, suggest, verifyIndex } from '@kontor/contracts';
import { controller } from './http/controller.js';
import { get, post } from './http/route.js';

export const SearchController = controller('search', '/v1/search', [get('', search), get('suggest', suggest)]);

/** Maintenance of the index. What is started here continues after the response; the status shows its progress. */
export const SearchAdminController = controller('search', '/v1/admin/search', [
  get('status', getSearchStatus),
  post('rebuild', rebuildIndex, { status: 202 }),
  post('verify', verifyIndex, { status: 202 }),
]);
