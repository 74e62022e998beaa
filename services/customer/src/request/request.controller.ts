import { Handle } from '@kontor/bus';
import {
  changeRequest,
  copyToWorkSite,
  createRequest,
  getRequest,
  getRequestDifferences,
  type InputOf,
  listRequests,
  saveCaller,
} from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { RequestService } from './request.service.js';
import { SaveCaller } from './save-caller.js';

@Controller()
export class RequestController {
  constructor(
    private readonly requests: RequestService,
    private readonly saving: SaveCaller,
  ) {}

  @Handle(createRequest) create(input: InputOf<typeof createRequest>) {
    return this.requests.create(input);
  }
  @Handle(getRequest) get({ id }: InputOf<typeof getRequest>) {
    return this.requests.get(id);
  }
  @Handle(changeRequest) change(input: InputOf<typeof changeRequest>) {
    return this.requests.change(input);
  }
  @Handle(listRequests) list(input: InputOf<typeof listRequests>) {
    return this.requests.list(input);
  }
  @Handle(copyToWorkSite) copyToWorkSite(input: InputOf<typeof copyToWorkSite>) {
    return this.requests.copyToWorkSite(input);
  }
  @Handle(getRequestDifferences) differences({ id }: InputOf<typeof getRequestDifferences>) {
    return this.saving.differences(id);
  }
  @Handle(saveCaller) save(input: InputOf<typeof saveCaller>) {
    return this.saving.save(input);
  }
}
