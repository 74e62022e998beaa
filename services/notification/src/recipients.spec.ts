import { describe, expect, test } from '@jest/globals';
import { type Summary, topics } from '@kontor/contracts';
import { chooseRecipients } from './recipients.js';

const aContact = (more: Partial<Summary> = {}): Summary => ({
  id: 'a',
  kind: 'contact',
  displayName: 'Anna Schmidt',
  firstName: 'Anna',
  lastName: 'Schmidt',
  email: 'anna@firma.example',
  phone: null,
  companyName: null,
  customer: { id: 'c', name: 'Firma' },
  city: null,
  type: null,
  tags: [],
  employeeCode: null,
  updatedAt: '2026-01-31T12:00:00.000Z',
  ...more,
});
const anna = aContact();
const berta = aContact({ id: 'b', displayName: 'Berta Lang', email: 'berta@firma.example' });
const everybody = () => true;
const nobody = () => false;

describe('who gets a mail about a customer’s record', () => {
  test('the contacts whose flag is on, each with the reason', () => {
    expect(chooseRecipients([anna, berta], 'invoice', (id) => id === 'b')).toEqual({
      items: [
        { contact: anna, selected: false, reason: 'has switched off mail about invoices' },
        { contact: berta, selected: true, reason: 'gets mail about invoices' },
      ],
    });
  });

  test('nobody when nobody’s flag is on, and that is said', () => {
    const { items, warning } = chooseRecipients([anna, berta], 'project', nobody);
    expect(items.map(({ selected }) => selected)).toEqual([false, false]);
    expect(warning).toBe('None of the customer’s contacts gets mail about projects: no mail is sent');
  });

  test('nobody also when the customer has only one contact', () => {
    const { items, warning } = chooseRecipients([anna], 'ticket', nobody);
    expect(items).toEqual([{ contact: anna, selected: false, reason: 'has switched off mail about tickets' }]);
    expect(warning).toBe('None of the customer’s contacts gets mail about tickets: no mail is sent');
  });

  test('nobody without an e-mail address, whatever the flag', () => {
    const withoutEmail = aContact({ email: null });
    expect(chooseRecipients([withoutEmail, berta], 'task', everybody)).toEqual({
      items: [
        { contact: withoutEmail, selected: false, reason: 'has no e-mail address' },
        { contact: berta, selected: true, reason: 'gets mail about tasks' },
      ],
    });
    expect(chooseRecipients([withoutEmail], 'task', everybody).warning).toBeDefined();
  });

  test('nobody of a customer without contacts', () => {
    expect(chooseRecipients([], 'invoice', everybody)).toEqual({ items: [], warning: 'The customer has no contacts: no mail is sent' });
  });

  test.each(topics)('%s is named in the reason by a word people use', (topic) => {
    const [item] = chooseRecipients([anna], topic, everybody).items;
    expect(item?.reason).toMatch(/^gets mail about [a-z ]+s$/);
  });
});
