import type { MailFlags } from '@kontor/contracts';

/** Which mail a new contact gets until somebody decides otherwise: all of it (product.md 5.5). */
export const defaultFlags: MailFlags = {
  invoice: true,
  estimate: true,
  credit_note: true,
  contract: true,
  task: true,
  project: true,
  ticket: true,
};
