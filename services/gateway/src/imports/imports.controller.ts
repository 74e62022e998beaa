import { getImport, listImports, setImportMapping, startImport } from '@kontor/contracts';
import { controller, get, post, put } from '../http/route.js';
import { progress } from './progress.js';
import { rejectedRows } from './rejected-rows.js';
import { sample } from './sample.js';
import { upload } from './upload.js';

export const ImportsController = controller('imports', '/v1/imports', [
  get('', listImports),
  upload,
  sample,
  get(':id', getImport),
  put(':id/mapping', setImportMapping, { body: 'mapping' }),
  post(':id/start', startImport, { status: 202 }),
  progress,
  rejectedRows,
]);
