import { Handle } from '@kontor/bus';
import {
  changeContact,
  createContact,
  createContacts,
  getContact,
  type InputOf,
  importContacts,
  listContactIds,
  listContacts,
  moveContact,
  upsertContacts,
} from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { ContactService } from './contact.service.js';
import { ImportContacts } from './import-contacts.js';
import { ContactLists } from './list-contacts.js';
import { UpsertContacts } from './upsert-contacts.js';

@Controller()
export class ContactController {
  constructor(
    private readonly contacts: ContactService,
    private readonly lists: ContactLists,
    private readonly imports: ImportContacts,
    private readonly upserts: UpsertContacts,
  ) {}

  @Handle(createContact) create(input: InputOf<typeof createContact>) {
    return this.contacts.create(input);
  }
  @Handle(getContact) get({ id }: InputOf<typeof getContact>) {
    return this.contacts.get(id);
  }
  @Handle(changeContact) change(input: InputOf<typeof changeContact>) {
    return this.contacts.change(input);
  }
  @Handle(moveContact) move(input: InputOf<typeof moveContact>) {
    return this.contacts.move(input);
  }
  @Handle(createContacts) createMany({ items }: InputOf<typeof createContacts>) {
    return this.contacts.createMany(items);
  }
  @Handle(upsertContacts) upsert(input: InputOf<typeof upsertContacts>) {
    return this.upserts.upsert(input);
  }
  @Handle(listContacts) list(input: InputOf<typeof listContacts>) {
    return this.lists.list(input);
  }
  @Handle(listContactIds) listIds(input: InputOf<typeof listContactIds>) {
    return this.lists.idsOf(input);
  }
  @Handle(importContacts) import(input: InputOf<typeof importContacts>) {
    return this.imports.importBatch(input);
  }
}
