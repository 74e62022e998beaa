import { Handle } from '@kontor/bus';
import { exportContacts, exportCustomers, type InputOf } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { Exports } from './export.service.js';

@Controller()
export class ExportController {
  constructor(private readonly exports: Exports) {}

  @Handle(exportContacts) contacts(input: InputOf<typeof exportContacts>) {
    return this.exports.contacts(input);
  }
  @Handle(exportCustomers) customers(input: InputOf<typeof exportCustomers>) {
    return this.exports.customers(input);
  }
}
