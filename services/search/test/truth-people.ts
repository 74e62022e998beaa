import type { ContactEntry, CustomerEntry } from '@kontor/contracts';
import { address, email, phone } from './stand-in.js';

// Whom the truth table is about. The name on the left is the one that the table uses: mostly the last name.

const person = (firstName: string | null, lastName: string | null, more: Partial<ContactEntry> = {}) => ({ firstName, lastName, ...more });

export const people: Record<string, Partial<ContactEntry>> = {
  // One name in three spellings, and what only begins with it, contains it or is a slip of it.
  Müller: person('Anna', 'Müller', {
    emails: [email('anna.mueller@firma.example')],
    phones: [phone('030 1234567', '+49301234567')],
  }),
  Mueller: person('Anna', 'Mueller', { middleName: 'Maria', tags: ['VIP 🔥', 'Messe 2026'] }),
  Muller: person('Hans', 'Muller', { notes: 'Kennt Anna Müller aus Wien', tags: ['VIP'] }),
  Müllerin: person('Eva', 'Müllerin'),
  Obermüller: person('Otto', 'Obermüller', { emails: [email('otto@obermueller.example')] }),
  Mülller: person('Ines', 'Mülller'),
  Miller: person('Tom', 'Miller'),
  Lüdenscheid: person('Gerda', 'Müller-Lüdenscheid'),

  // German names that are written in many ways.
  Meier: person('Karl', 'Meier', { addresses: [address({ city: 'Hamburg' })] }),
  Meyer: person('Lena', 'Meyer'),
  Maier: person('Paul', 'Maier'),
  Mayr: person('Rosa', 'Mayr'),
  Meierhof: person('Tina', 'Meierhof'),
  Groß: person('Peter', 'Groß', {
    addresses: [address({ line1: 'Hauptstraße 158', postalCode: '10115', city: 'Berlin', alias: 'Alexanderplatz' })],
  }),
  Gross: person('Paula', 'Gross', { customFields: { contractNo: 'AX 77', size: 10115, colours: ['red', 'dark green'], loyal: true } }),
  Schmidt: person('Jo', 'Schmidt', { employeeCode: 'E-4711' }),
  Schmitt: person('Ria', 'Schmitt'),
  Schmid: person('Kai', 'Schmid'),
  Schäfer: person('Ole', 'Schäfer'),
  Schaefer: person('Ute', 'Schaefer'),
  Schafer: person('Joe', 'Schafer'),
  Schröder: person('Max', 'Schröder', { notes: 'Angebot 2024 und Angebot 158-b' }),
  Scherer: person('Ida', 'Scherer'),
  Scher: person('Uwe', 'Scher'),

  // English
  Smith: person('John', 'Smith', { phones: [phone('+1 (212) 555-0100', '+12125550100')] }),
  Smyth: person('Jon', 'Smyth'),
  Smithson: person('Sue', 'Smithson'),
  Blacksmith: person('Bo', 'Blacksmith'),
  Johnson: person('Liz', 'Johnson'),
  OConnor: person('Anne-Marie', "O'Connor", { jobTitle: 'Head of Sales' }),
  OBrien: person('Pat', 'O’Brien'),

  // French, Spanish, Scandinavian
  Lefèvre: person('François', 'Lefèvre'),
  DArcy: person('Jean-Pierre', "D'Arcy"),
  Œuvrard: person('Hélène', 'Œuvrard'),
  Núñez: person('Inés', 'Núñez'),
  Sørensen: person('Zoë', 'Sørensen', { emails: [email('zoe@nord.example'), email('z.sorensen@firma.example')] }),
  Ærø: person('Þór', 'Ærø'),

  // Polish
  Wałęsa: person('Łukasz', 'Wałęsa'),
  Kowalczyk: person('Małgorzata', 'Kowalczyk'),
  Brzęczyszczykiewicz: person('Grzegorz', 'Brzęczyszczykiewicz'),
  Żółć: person('Stanisław', 'Żółć'),

  // Turkish
  Öztürk: person('İpek', 'Öztürk'),
  Işık: person('Gül', 'Işık'),
  Çağlar: person('Şule', 'Çağlar'),
  Yıldız: person('Oğuz', 'Yıldız'),

  // Chinese: in two fields, in one piece, and beside another script
  王伟: person('伟', '王', { addresses: [address({ city: '北京' })] }),
  王维: person('维', '王'),
  汪洋: person('洋', '汪'),
  欧阳娜娜: person(null, '欧阳娜娜'),
  李小龙: person('李小龙', null),
  DavidChen: person('David', '陈'),

  // One word in each field, and nothing else
  InFirst: { firstName: 'Paris' },
  InMiddle: { middleName: 'Paris' },
  InLast: { lastName: 'Paris' },
  InCompany: { companyName: 'Paris' },
  InCustomer: { customerName: 'Paris' },
  InTitle: { jobTitle: 'Paris' },
  InCity: { addresses: [address({ city: 'Paris' })] },
  InAddress: { addresses: [address({ line2: 'Paris' })] },
  InAlias: { addresses: [address({ alias: 'Paris' })] },
  InTag: { tags: ['Paris'] },
  InNotes: { notes: 'Mood: Paris' },
  InCustom: { customFields: { motto: 'Paris' } },
  InType: { type: 'Paris' },
  InEmail: { emails: [email('paris@mail.example')] },
  InCode: { employeeCode: 'PARIS' },

  // Numbers and addresses that hold one another; by name they would come in the opposite order
  PhoneWhole: person('Zora', null, { phones: [phone('55501234')] }),
  PhoneEnd: person('Mila', null, { phones: [phone('040 55501234', '+494055501234')] }),
  PhonePart: person('Alma', null, { phones: [phone('040 55501234-99', '+49405550123499')] }),
  Fax: person('Berta', null, { phones: [{ ...phone('089/99 88 77', '+4989998877'), kind: 'fax' }] }),
  Emergency: person('Cora', null, { phones: [phone('110')] }),
  MailWhole: person('Yara', null, { emails: [email('sam@ost.example')] }),
  MailStart: person('Nele', null, { emails: [email('sam@ost.example.org')] }),
  MailPart: person('Alva', null, { emails: [email('frau.sam@ost.example')] }),
  Digits: person('Dora', null, { employeeCode: '90210' }),
};

export const firms: Record<string, Partial<CustomerEntry> & { name: string }> = {
  MüllerAG: { name: 'Müller Maschinenbau AG' },
  HuberKG: { name: 'Huber GmbH & Co. KG' },
  Nordwind: { name: 'Nordwind 24 Logistik' },
  ParisGmbH: { name: 'Paris GmbH' },
  北京银行: { name: '北京银行' },
};
