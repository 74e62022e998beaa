/**
 * Where a request goes: its subject, and who asks. The broker lets each user publish under its own name only, so the last token of the
 * address says for sure who asks, which no header could.
 */
export const addressOf = (subject: string, caller: string): string => `${subject}.${caller}`;

/** The subjects on which a user of the bus gets its answers; nobody else may listen there. */
export const inboxOf = (user: string): string => `_INBOX_${user}`;

/** Whether an answer to this request goes to nobody but who asked. An answer is published with the rights of who answers, so it may go nowhere else. */
export const isAnswerable = (address: string, reply: string | undefined): boolean =>
  reply?.startsWith(`${inboxOf(address.slice(address.lastIndexOf('.') + 1))}.`) ?? false;
