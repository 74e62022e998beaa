import { Handle } from '@kontor/bus';
import { getPermissions, type InputOf, setPermissions } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { PermissionService } from './permission.service.js';

@Controller()
export class PermissionController {
  constructor(private readonly permissions: PermissionService) {}

  @Handle(getPermissions)
  get({ id }: InputOf<typeof getPermissions>) {
    return this.permissions.get(id);
  }

  @Handle(setPermissions)
  set({ id, change }: InputOf<typeof setPermissions>) {
    return this.permissions.set(id, change);
  }
}
