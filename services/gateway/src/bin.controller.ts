import { listBin, listBinnedThings, purgeFromBin, restoreFromBin } from '@kontor/contracts';
import { controller, get, post, remove } from './http/route.js';

export const BinController = controller('bin', '/v1/bin', [
  get('', listBin),
  get(':id', listBinnedThings),
  post(':id/restore', restoreFromBin),
  remove(':id', purgeFromBin),
]);
