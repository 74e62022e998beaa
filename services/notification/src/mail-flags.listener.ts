import { On } from '@kontor/bus';
import { contactsChanged, type PayloadOf } from '@kontor/contracts';
import { Controller } from '@nestjs/common';
import { MailFlagsService } from './mail-flags.service.js';

@Controller()
export class MailFlagsListener {
  constructor(private readonly mailFlags: MailFlagsService) {}

  @On(contactsChanged, { as: 'follow-contacts' })
  follow({ changes }: PayloadOf<typeof contactsChanged>) {
    return this.mailFlags.follow(changes);
  }
}
