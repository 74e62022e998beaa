import { z } from 'zod';
import { Summary } from './contact.js';
import { request } from './contract.js';
import { byId, id } from './shapes.js';

export const topics = ['invoice', 'estimate', 'credit_note', 'contract', 'task', 'project', 'ticket'] as const;
export type Topic = (typeof topics)[number];

const each = <T extends z.ZodType>(value: T) => Object.fromEntries(topics.map((topic) => [topic, value])) as Record<Topic, T>;

/** Which mail a contact gets, topic by topic; independent of permissions (docs/rules.md 5.5). */
export const MailFlags = z.object(each(z.boolean())).meta({ id: 'MailFlags' });
export type MailFlags = z.output<typeof MailFlags>;
export const MailFlagsChange = z.strictObject(each(z.boolean().optional())).meta({ id: 'MailFlagsChange' });
export type MailFlagsChange = z.output<typeof MailFlagsChange>;

export const getMailFlags = request('notification.get-mail-flags', byId, MailFlags, { summary: 'Returns which mail a contact gets' });
export const setMailFlags = request('notification.set-mail-flags', z.strictObject({ id, change: MailFlagsChange }), MailFlags, {
  summary: 'Sets which mail a contact gets; topics that are not given stay unchanged',
  audience: 'agents',
});

export const Recipients = z
  .object({
    items: z.array(z.object({ contact: Summary, selected: z.boolean(), reason: z.string() })),
    warning: z.string().optional().describe('present if nobody would get the mail'),
  })
  .meta({ id: 'Recipients' });
export type Recipients = z.output<typeof Recipients>;

export const listRecipients = request('notification.list-recipients', z.strictObject({ id, topic: z.enum(topics) }), Recipients, {
  summary: 'Lists all contacts of a customer, with those selected who get the mails of this topic, and why',
});
