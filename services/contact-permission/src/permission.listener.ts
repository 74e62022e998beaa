import { On } from '@kontor/bus';
import { contactsChanged, type PayloadOf } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { PermissionService } from './permission.service.js';

@Controller()
export class PermissionListener {
  constructor(private readonly permissions: PermissionService) {}

  @On(contactsChanged, { as: 'follow-contacts' })
  follow({ changes }: PayloadOf<typeof contactsChanged>) {
    return this.permissions.follow(changes);
  }
}
