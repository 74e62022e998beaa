import { Handle } from '@kontor/bus';
import { collectInContactPermission, forgetInContactPermission, getPermissions, type InputOf, setPermissions } from '@kontor/contracts';
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

  @Handle(forgetInContactPermission)
  forget(about: InputOf<typeof forgetInContactPermission>) {
    return this.permissions.forget(about);
  }

  @Handle(collectInContactPermission)
  collect(about: InputOf<typeof collectInContactPermission>) {
    return this.permissions.collect(about);
  }
}
