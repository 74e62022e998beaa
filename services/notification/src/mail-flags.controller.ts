import { Handle } from '@kontor/bus';
import { getMailFlags, type InputOf, listRecipients, setMailFlags } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { MailFlagsService } from './mail-flags.service.js';

@Controller()
export class MailFlagsController {
  constructor(private readonly mailFlags: MailFlagsService) {}

  @Handle(getMailFlags)
  get({ id }: InputOf<typeof getMailFlags>) {
    return this.mailFlags.get(id);
  }

  @Handle(setMailFlags)
  set({ id, change }: InputOf<typeof setMailFlags>) {
    return this.mailFlags.set(id, change);
  }

  @Handle(listRecipients)
  listRecipients({ id, topic }: InputOf<typeof listRecipients>) {
    return this.mailFlags.recipients(id, topic);
  }
}
