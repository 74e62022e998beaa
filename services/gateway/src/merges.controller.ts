import { getMerge, listMerges, undoMerge } from '@kontor/contracts';
import { controller } from './http/controller.js';
import { get, post } from './http/route.js';

export const MergesController = controller('merges', '/v1/merges', [
  get('', listMerges),
  get(':id', getMerge),
  post(':id/undo', undoMerge),
]);
