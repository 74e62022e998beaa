import { randomUUID } from 'node:crypto';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { again, anAgent, type World } from '@kontor/testing';

// Words that stand nowhere else. They are no chance ones: some of those sound alike.
/** Stands in everything that is hidden, and in nothing else. */
export const CANARY = 'qxmilhorbanu';
export const HIDDEN_DIGITS = '7734199';
/** Stands in everything, hidden or not. */
export const COMMON = 'qxtigsadowfe';

/** The two tenants have the same texts, but one in small and one in capital letters. */
type Spell = (text: string) => string;
const small: Spell = (text) => text.toLowerCase();
const capital: Spell = (text) => text.toUpperCase();

const TYPES = ['sichtbar', CANARY];

interface Made {
  customer: k.Customer;
  contacts: k.Contact[];
}

type Ask = World['ask'];

/** Somebody in whom every text has the word, and the common one. */
const person = (spell: Spell, word: string, number: number, digits: string) => ({
  // Namesakes of forty letters have no order among them.
  firstName: spell(`${'abcdefghi'[number]} ${word} ${COMMON}`),
  lastName: spell(`${word}son${number}`),
  jobTitle: spell(`${COMMON} ${word}`),
  companyName: spell(`${word} & ${COMMON}`),
  notes: spell(`${word} ${COMMON} ${word}`),
  type: spell(word === CANARY ? CANARY : 'sichtbar'),
  tags: [spell(word), spell(COMMON), spell(`${COMMON} ${word}`)],
  emails: [{ address: spell(`${word}${number}@${word}.example`) }],
  phones: [{ number: `030 ${digits}${number}` }],
  addresses: [
    { line1: spell(`${word}weg ${digits}`), postalCode: digits.slice(0, 5), city: spell(word), alias: spell(`${COMMON} ${word}`) },
  ],
  customFields: { hobby: spell(`${word} ${COMMON}`), liste: [spell(word)] },
  employeeCode: spell(`${word}-${digits}${number}`),
});

const firm = (spell: Spell, word: string, number: number) => ({
  name: spell(`${'abcd'[number]} firma ${word} ${COMMON}`),
  tags: [spell(word), spell(COMMON)],
  type: spell(word === CANARY ? CANARY : 'sichtbar'),
  notes: spell(`${word} ${COMMON}`),
  emails: [{ address: spell(`post${number}@${word}.example`) }],
  addresses: [{ city: spell(word) }],
});

/** A word like the canary, with two letters in it turned: what is visible and nearly the same. */
export const VISIBLE = CANARY.slice(0, 5) + [...CANARY.slice(5)].toReversed().join('');

export interface Tenant {
  admin: Context;
  owner: Context;
  /** May not see what is hidden. */
  stranger: Context;
  /** In the team that may. */
  member: Context;
  visible: Made;
  project: string;
}
export interface Hidden {
  contacts: k.Contact[];
  customer: k.Customer;
  /** Belongs to the hidden customer; somebody visible is a member. */
  project: string;
}

export async function makeTenant(ask: Ask, spell: Spell): Promise<Tenant> {
  const admin = anAgent();
  const agent = (teams: string[] = []) => again(admin, { roles: ['agent'], agent: { id: randomUUID(), name: 'Agent' }, teams });
  const [owner, stranger, member] = [agent(), agent(['Süd']), agent(['Nord'])];
  for (const one of [admin, owner, stranger, member]) await ask(again(one), k.seeAgent, {});
  const customFields = [
    { key: 'hobby', label: 'Hobby', kind: 'text' as const, for: 'contact' as const },
    { key: 'liste', label: 'Liste', kind: 'multi_select' as const, for: 'contact' as const, options: [CANARY, VISIBLE].map(spell) },
  ];
  await ask(again(admin), k.changeSettings, { change: { types: ['cold', ...TYPES.map(spell)], customFields } });

  const customer = await ask(again(owner), k.createCustomer, firm(spell, VISIBLE, 1));
  const contacts: k.Contact[] = [];
  for (let i = 0; i < 4; i++) {
    const given = { ...person(spell, VISIBLE, i, `55512${i}`), ...(i < 2 && { customerId: customer.id }) };
    contacts.push(await ask(again(owner), k.createContact, given));
  }
  // The first contact has changed its customer in the same moment, as its main contact, and by that moment they had no order.
  await ask(again(owner), k.changeCustomer, { id: customer.id, change: { links: [{ url: 'https://firma.example' }] } });
  const tenant = { admin, owner, stranger, member, visible: { customer, contacts }, project: '' };
  const { record, join } = recordsOf(ask, tenant);
  const project = await record({ kind: 'project', title: 'offen' });
  await join(project, contacts[0]!.id);
  await record({ kind: 'opportunity', contactId: contacts[1]!.id });
  return { ...tenant, project };
}

function recordsOf(ask: Ask, { admin }: Pick<Tenant, 'admin'>) {
  return {
    async record(given: object): Promise<string> {
      const { items } = await ask(again(admin), k.upsertRecords, { items: [{ source: 's', externalId: randomUUID(), ...given }] });
      return items[0]?.id ?? '';
    },
    join: (id: string, contactId: string) => ask(again(admin), k.addProjectMember, { id, contactId }),
  };
}

/** Hides entries in all the ways there are, each with the canary wherever a text can be. */
export async function hide(ask: Ask, tenant: Tenant, spell: Spell): Promise<Hidden> {
  const { owner, visible } = tenant;
  const access = { restricted: true, teams: [{ name: 'Nord', rights: 'read' as const }] };
  const customer = await ask(again(owner), k.createCustomer, { ...firm(spell, CANARY, 2), access });
  const contacts: k.Contact[] = [];
  const ways = [{ access }, { customerId: customer.id }, { access, customerId: visible.customer.id }];
  for (const [i, way] of ways.entries())
    contacts.push(await ask(again(owner), k.createContact, { ...person(spell, CANARY, i, HIDDEN_DIGITS), ...way }));
  const binned = await ask(again(owner), k.createContact, person(spell, CANARY, 8, HIDDEN_DIGITS));
  await ask(again(owner), k.deleteContact, { id: binned.id });
  const binnedFirm = await ask(again(owner), k.createCustomer, firm(spell, CANARY, 3));
  await ask(again(owner), k.deleteCustomer, { id: binnedFirm.id });

  // What is visible, but hangs together with what is not.
  const { record, join } = recordsOf(ask, tenant);
  await join(tenant.project, contacts[0]!.id);
  const project = await record({ kind: 'project', title: CANARY, customerId: customer.id });
  await join(project, visible.contacts[2]!.id);
  await record({ kind: 'opportunity', contactId: visible.contacts[3]!.id, customerId: customer.id });
  await record({ kind: 'opportunity', contactId: contacts[0]!.id, customerId: visible.customer.id });
  return { contacts, customer, project };
}

export const spellings = { small, capital };
