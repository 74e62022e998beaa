import type { Recipients, Summary, Topic } from '@kontor/contracts';

const about: Record<Topic, string> = {
  invoice: 'invoices',
  estimate: 'estimates',
  credit_note: 'credit notes',
  contract: 'contracts',
  task: 'tasks',
  project: 'projects',
  ticket: 'tickets',
};

/**
 * Who of a customer's contacts gets the mails of a topic, and why: those whose flag is on (docs/rules.md 5.7). When that is nobody
 * no mail is sent, also with one contact only, and the warning says so. Nothing but the flag counts, permissions least of all.
 */
export function chooseRecipients(contacts: Summary[], topic: Topic, isOn: (contactId: string) => boolean): Recipients {
  const items = contacts.map((contact) => {
    if (!contact.email) return { contact, selected: false, reason: 'has no e-mail address' };
    if (!isOn(contact.id)) return { contact, selected: false, reason: `has switched off mail about ${about[topic]}` };
    return { contact, selected: true, reason: `gets mail about ${about[topic]}` };
  });
  if (items.some(({ selected }) => selected)) return { items };
  const who = contacts.length === 0 ? 'The customer has no contacts' : `None of the customer’s contacts gets mail about ${about[topic]}`;
  return { items, warning: `${who}: no mail is sent` };
}
