import { Handle } from '@kontor/bus';
import { getJob, type InputOf, listJobItems } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { Jobs } from './job.service.js';

@Controller()
export class JobController {
  constructor(private readonly jobs: Jobs) {}

  @Handle(getJob) get({ id }: InputOf<typeof getJob>) {
    return this.jobs.get(id);
  }
  @Handle(listJobItems) items(input: InputOf<typeof listJobItems>) {
    return this.jobs.items(input);
  }
}
