import { getImport, listImports, setImportMapping, startImport } from '@kontor/contracts';
import { controller } from '../http/controller.js';
import { get, post, put } from '../http/route.js';
import { rejectedRows, rowsWithWarnings, sample } from './csv-files.js';
import { progress } from './progress.js';
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
  rowsWithWarnings,
]);
