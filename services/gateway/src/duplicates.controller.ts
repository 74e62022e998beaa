import { dismissDuplicate, listDuplicates } from '@kontor/contracts';
import { controller } from './http/controller.js';
import { get, post } from './http/route.js';

export const DuplicatesController = controller('duplicates', '/v1/duplicates', [
  get('', listDuplicates),
  post(':id/dismiss', dismissDuplicate),
]);
