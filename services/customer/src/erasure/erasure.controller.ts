import { Handle } from '@kontor/bus';
import { eraseContact, eraseCustomer, getEverything, type InputOf, listErasures } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ErasureService } from './erasure.service.js';
import { SubjectAccessExport } from './subject-access-export.js';

@Controller()
export class ErasureController {
  constructor(
    private readonly erasures: ErasureService,
    private readonly accessExport: SubjectAccessExport,
  ) {}

  @Handle(eraseContact) eraseContact(input: InputOf<typeof eraseContact>) {
    return this.erasures.erase('contact', input);
  }
  @Handle(eraseCustomer) eraseCustomer(input: InputOf<typeof eraseCustomer>) {
    return this.erasures.erase('customer', input);
  }
  @Handle(listErasures) list(input: InputOf<typeof listErasures>) {
    return this.erasures.list(input);
  }
  @Handle(getEverything) getEverything({ id }: InputOf<typeof getEverything>) {
    return this.accessExport.of(id);
  }
}
