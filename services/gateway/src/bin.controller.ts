import { listBin, listBinnedThings, listErasures, purgeFromBin, restoreFromBin } from '@kontor/contracts';
import { controller } from './http/controller.js';
import { get, post, remove } from './http/route.js';

/** What is left of who was erased. */
export const ErasuresController = controller('erasures', '/v1/erasures', [get('', listErasures)]);

export const BinController = controller('bin', '/v1/bin', [
  get('', listBin),
  get(':id', listBinnedThings),
  post(':id/restore', restoreFromBin),
  remove(':id', purgeFromBin),
]);
