import { Handle } from '@kontor/bus';
import {
  collectInImport,
  createImport,
  forgetInImport,
  getImport,
  getImportSample,
  type InputOf,
  listImports,
  listRejectedRows,
  setImportMapping,
  startImport,
} from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ForgetService } from './erasure/forget.service.js';
import { ImportService } from './import.service.js';

@Controller()
export class ImportController {
  constructor(
    private readonly imports: ImportService,
    private readonly forgetting: ForgetService,
  ) {}

  @Handle(createImport)
  create(input: InputOf<typeof createImport>) {
    return this.imports.create(input);
  }

  @Handle(getImport)
  get({ id }: InputOf<typeof getImport>) {
    return this.imports.get(id);
  }

  @Handle(listImports)
  list(input: InputOf<typeof listImports>) {
    return this.imports.list(input);
  }

  @Handle(setImportMapping)
  setMapping({ id, mapping }: InputOf<typeof setImportMapping>) {
    return this.imports.setMapping(id, mapping);
  }

  @Handle(startImport)
  start({ id }: InputOf<typeof startImport>) {
    return this.imports.start(id);
  }

  @Handle(listRejectedRows)
  rejectedRows(input: InputOf<typeof listRejectedRows>) {
    return this.imports.rejectedRows(input);
  }

  @Handle(getImportSample)
  sample() {
    return this.imports.sample();
  }

  @Handle(forgetInImport)
  forget(about: InputOf<typeof forgetInImport>) {
    return this.forgetting.forget(about);
  }

  @Handle(collectInImport)
  collect(about: InputOf<typeof collectInImport>) {
    return this.forgetting.collect(about);
  }
}
