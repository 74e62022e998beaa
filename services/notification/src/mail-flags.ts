import type { MailFlags, Topic } from '@kontor/contracts';

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

/** What was decided for a contact, and into whom it was merged. */
export interface Decided {
  contactId: string;
  mergedInto: string | null;
  flags: MailFlags;
  decided: readonly Topic[];
}

/**
 * Which mail a contact gets with everybody who was merged into it (docs/rules.md 9.3): a topic that somebody has decided about for it is so. One that nobody
 * has is as it was decided for those who were merged into it, off where they differ: who did not want a mail does not get it by a merge.
 * Works on what each row says, so undoing a merge leaves no trace.
 */
export function flagsOf(contactId: string, rows: readonly Decided[]): MailFlags {
  const own = rows.find((row) => row.contactId === contactId)?.flags ?? defaultFlags;
  return { ...own, ...decidedFor(contactId, rows, new Set()) };
}

function decidedFor(contactId: string, rows: readonly Decided[], above: ReadonlySet<string>): Partial<MailFlags> {
  const met = new Set([...above, contactId]);
  const all: Partial<MailFlags> = {};
  // Events in another order than things happened can say for a moment that two are merged into each other.
  for (const row of rows.filter(({ mergedInto, contactId: id }) => mergedInto === contactId && !met.has(id)))
    for (const [topic, isOn] of Object.entries(decidedFor(row.contactId, rows, met)) as [Topic, boolean][])
      all[topic] = (all[topic] ?? true) && isOn;
  const own = rows.find((row) => row.contactId === contactId);
  for (const topic of own?.decided ?? []) all[topic] = own?.flags[topic];
  return all;
}
