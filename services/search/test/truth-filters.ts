import type { ContactEntry, CustomerEntry } from '@kontor/contracts';
import type { Row } from './truth-table.js';

/** What the filters below name: their ids. */
export const ids = {
  Werft: '0197c000-0000-7000-8000-000000000001',
  Bank: '0197c000-0000-7000-8000-000000000002',
  Nina: '0197c000-0000-7000-8000-000000000003',
  Omar: '0197c000-0000-7000-8000-000000000004',
  Hafen: '0197c000-0000-7000-8000-000000000005',
  Turm: '0197c000-0000-7000-8000-000000000006',
  Nobody: '0197c000-0000-7000-8000-000000000007',
};

const onlyFor = (reader: string) => ({
  access: { restricted: true, agents: [{ id: reader, rights: 'read' as const }], teams: [] },
  readers: [reader],
});

export const filterFirms: Record<string, Partial<CustomerEntry> & { name: string }> = {
  Werft: {
    id: ids.Werft,
    name: 'Werft',
    type: 'supplier',
    tags: ['north'],
    ownerId: ids.Nina,
    hasOpportunities: true,
    createdAt: '2024-03-01T08:00:00.000Z',
    updatedAt: '2026-02-01T00:00:00.000Z',
  },
  Bank: {
    id: ids.Bank,
    name: 'Bank',
    type: 'partner',
    ...onlyFor(ids.Nina),
    createdAt: '2025-07-01T08:00:00.000Z',
    updatedAt: '2025-07-01T08:00:00.000Z',
  },
};

export const filterPeople: Record<string, Partial<ContactEntry>> = {
  Ada: {
    firstName: 'Ada',
    lastName: 'Anker',
    customerId: ids.Werft,
    customerName: 'Werft',
    type: 'partner',
    tags: ['guest', 'north'],
    ownerId: ids.Nina,
    projectIds: [ids.Hafen],
    createdAt: '2024-05-01T00:00:00.000Z',
    updatedAt: '2025-05-01T00:00:00.000Z',
  },
  Bea: {
    firstName: 'Bea',
    lastName: 'Boje',
    customerId: ids.Werft,
    customerName: 'Werft',
    type: 'partner',
    tags: ['guest'],
    ownerId: ids.Omar,
    hasOpportunities: true,
    createdAt: '2024-12-31T23:59:59.999Z',
    updatedAt: '2025-12-31T00:00:00.000Z',
  },
  Çem: {
    firstName: 'Çem',
    lastName: 'Deck',
    type: 'lead',
    ...onlyFor(ids.Nina),
    hasOpportunities: false,
    projectIds: [ids.Hafen, ids.Turm],
    createdAt: '2025-01-01T00:00:00.000Z',
    updatedAt: '2025-01-01T00:00:00.000Z',
  },
  // Open itself, but its customer is not.
  dag: {
    firstName: 'dag',
    lastName: 'ebbe',
    customerId: ids.Bank,
    customerName: 'Bank',
    customerReaders: [ids.Nina],
    tags: ['guest'],
    createdAt: '2025-06-15T10:30:00.000Z',
    updatedAt: '2026-01-15T10:30:00.000Z',
  },
  Éva: {
    firstName: 'Éva',
    lastName: 'Beatus',
    ownerId: ids.Nina,
    projectIds: [ids.Turm],
    createdAt: '2025-06-15T10:30:00.001Z',
    updatedAt: '2026-01-15T10:30:00.001Z',
  },
  Öle: {
    firstName: 'Öle',
    lastName: 'Bea',
    type: 'lead',
    ownerId: ids.Omar,
    hasOpportunities: true,
    createdAt: '2026-03-01T00:00:00.000Z',
    updatedAt: '2026-03-01T00:00:00.000Z',
  },
};

/** As in an address: the parameters, with names instead of ids, and whom they find; bars as in `truth-table.ts`. */
export const filterRows: Record<string, readonly Row[]> = {
  'what it is': [
    ['kind=customer', 'Werft Bank'],
    ['kind=contact', 'Ada Bea Çem dag Éva Öle'],
    ['type=partner', 'Ada Bea Bank'],
    ['type=lead', 'Çem Öle'],
    ['type=partn', ''],
    ['type=partner&kind=contact', 'Ada Bea'],
    ['tag=guest', 'Ada Bea dag'],
    ['tag=guest&tag=north', 'Ada'],
    ['tag=north', 'Ada Werft'],
    ['tag=nor', ''],
  ],
  'whose it is': [
    ['customerId=Werft', 'Ada Bea'],
    ['customerId=Bank', 'dag'],
    ['customerId=Nobody', ''],
    ['ownerId=Nina', 'Ada Éva Werft'],
    ['ownerId=Omar', 'Bea Öle'],
    ['ownerId=Nobody', ''],
    ['projectId=Hafen', 'Ada Çem'],
    ['projectId=Turm', 'Çem Éva'],
    ['projectId=Nobody', ''],
    ['hasOpportunities=true', 'Bea Öle Werft'],
    ['hasOpportunities=false', 'Ada Çem dag Éva Bank'],
    ['access=restricted', 'Çem dag Bank'],
    ['access=open', 'Ada Bea Éva Öle Werft'],
  ],
  // From a moment on, and before a moment; a day is its first moment in UTC.
  'since when': [
    ['createdFrom=2025-01-01', 'Çem dag Éva Öle Bank'],
    ['createdTo=2025-01-01', 'Ada Bea Werft'],
    ['createdFrom=2024-05-01&createdTo=2025-01-01', 'Ada Bea'],
    ['createdFrom=2025-06-15T10:30:00.001Z', 'Éva Öle Bank'],
    ['createdTo=2025-06-15T10:30:00.001Z', 'Ada Bea Çem dag Werft'],
    ['createdTo=2025-06-15T12:30:00%2B02:00', 'Ada Bea Çem Werft'],
    ['createdFrom=2027-01-01', ''],
    ['createdFrom=2025-01-01&createdTo=2025-01-01', ''],
    ['updatedFrom=2026-01-01', 'dag Éva Öle Werft'],
    ['updatedTo=2025-07-01', 'Ada Çem'],
    ['updatedFrom=2026-01-15T10:30:00.001Z&updatedTo=2026-02-01', 'Éva'],
    ['updatedFrom=2026-02-01&createdTo=2025-01-01', 'Werft'],
  ],
  'all of them at once, and with a query': [
    ['q=bea', 'Bea Öle | Éva'],
    ['q=bea&hasOpportunities=true&type=lead', 'Öle'],
    ['q=werft', 'Ada Bea Werft'],
    ['q=werft&kind=contact&ownerId=Omar', 'Bea'],
    ['q=-ada&customerId=Werft', 'Bea'],
    ['q=*e*&access=restricted', 'Çem dag'],
    ['q="ada anker"&projectId=Hafen', 'Ada'],
    ['q="ada anker"&projectId=Turm', ''],
    ['q=werft&projectId=Hafen&type=partner&tag=north&ownerId=Nina&access=open&hasOpportunities=false', 'Ada'],
  ],
  'in which order': [
    ['', 'Öle | Bank | Éva | dag | Çem | Bea | Ada | Werft'],
    ['sort=relevance', 'Öle | Bank | Éva | dag | Çem | Bea | Ada | Werft'],
    ['sort=name', 'Ada | Bank | Bea | Çem | dag | Éva | Öle | Werft'],
    ['sort=-createdAt', 'Öle | Bank | Éva | dag | Çem | Bea | Ada | Werft'],
    ['sort=-updatedAt', 'Öle | Werft | Éva | dag | Bea | Bank | Ada | Çem'],
    ['q=b*', 'Bank Bea dag Éva Öle'],
    ['q=b*&sort=name', 'Bank | Bea | dag | Éva | Öle'],
    ['q=b*&sort=-createdAt', 'Öle | Bank | Éva | dag | Bea'],
    ['q=b*&sort=-updatedAt', 'Öle | Éva | dag | Bea | Bank'],
    // Not class by class: who begins with it stands among those who equal it.
    ['q=bea&sort=name', 'Bea | Éva | Öle'],
    ['q=bea&sort=-createdAt', 'Öle | Éva | Bea'],
    ['q=bea&sort=relevance', 'Bea Öle | Éva'],
    ['sort=name&kind=contact&createdFrom=2025-01-01', 'Çem | dag | Éva | Öle'],
  ],
};

/** Who asks, what, and whom they find: what they may not see is not there. */
export const readerRows: readonly (readonly [who: 'Nina' | 'Omar', question: string, found: string])[] = [
  ['Nina', '', 'Öle | Bank | Éva | dag | Çem | Bea | Ada | Werft'],
  ['Omar', '', 'Öle | Éva | Bea | Ada | Werft'],
  ['Omar', 'q=bank', ''],
  ['Omar', 'q=ebbe', ''],
  ['Omar', 'q=ç*', ''],
  ['Omar', 'access=restricted', ''],
  ['Omar', 'type=lead', 'Öle'],
  ['Omar', 'customerId=Bank', ''],
  ['Nina', 'q=bank', 'Bank dag'],
];

export const refusedFilters: readonly (readonly [question: string, parameter: string])[] = [
  ['kind=firm', 'kind'],
  ['ownerId=5', 'ownerId'],
  ['projectId=', 'projectId'],
  ['hasOpportunities=perhaps', 'hasOpportunities'],
  ['access=closed', 'access'],
  ['createdFrom=31.01.2026', 'createdFrom'],
  ['createdTo=2026-02-30', 'createdTo'],
  ['updatedFrom=now', 'updatedFrom'],
  ['updatedTo=2026-01-31T12:00', 'updatedTo'],
  ['sort=size', 'sort'],
  ['limit=201', 'limit'],
];
