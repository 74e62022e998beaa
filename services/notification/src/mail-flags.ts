import type { MailFlags, Topic } from '@kontor/contracts';
import type { DecisionTable } from '@kontor/database';

/** Which mail a new contact gets until somebody decides otherwise: all of it (docs/rules.md 5.5). */
export const defaultFlags: MailFlags = {
  invoice: true,
  estimate: true,
  credit_note: true,
  contract: true,
  task: true,
  project: true,
  ticket: true,
};

/** Where mail flags are kept: of two contacts that were merged, who did not want a mail does not get it by the merge. */
export const mailFlagTable: DecisionTable<Topic, boolean> = {
  table: 'mail_flags',
  column: 'flags',
  defaults: defaultFlags,
  least: (a, b) => a && b,
};
