import { Handle } from '@kontor/bus';
import { collectInNotification, forgetInNotification, getMailFlags, type InputOf, listRecipients, setMailFlags } from '@kontor/contracts';
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

  @Handle(forgetInNotification)
  forget(about: InputOf<typeof forgetInNotification>) {
    return this.mailFlags.forget(about);
  }

  @Handle(collectInNotification)
  collect(about: InputOf<typeof collectInNotification>) {
    return this.mailFlags.collect(about);
  }
}
