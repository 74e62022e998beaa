import { type ImportField, importFields, perContactField } from '@kontor/contracts';
import { addressColumns } from './address-columns.js';

// What headers are called in English and German and in the exports of Google, Outlook, Zoho, HubSpot and Salesforce, as `keyOf` writes them.
// Within a field the likelier name stands first; it wins where a file has several (Outlook has business, home and other addresses).
const names: Partial<Record<ImportField, string>> = {
  ...perContactField(({ headers }) => headers),
  name: 'fullname namevorname nachnamevorname lastnamefirstname lastfirst contactname displayname kontaktname ansprechpartner vollername vollstaendigername anzeigename',
  externalId: 'externalreference externeid externenummer contactid kontaktid recordid recordidcontact',
  email:
    'emailaddress mail email1 email1value email1address emailprimary primaryemail workemail businessemail mailaddress emailadresse mailadresse emailgeschaeftlich',
  email2:
    'email2value email2address emailaddress2 secondaryemail otheremail alternativeemail homeemail personalemail privateemail emailprivat zweiteemail emailadresse2',
  phone:
    'phonenumber phone1 phone1value telephone telephonenumber telephone1 businessphone workphone officephone primaryphone tel telefon telefonnummer telefon1 telnr rufnummer festnetz telefongeschaeftlich',
  phone2:
    'phonenumber2 phone2value telephone2 businessphone2 homephone privatephone otherphone secondaryphone telefon2 telefonnummer2 telefonprivat',
  phone3: 'phonenumber3 phone3value telephone3 companymainphone telefon3 telefonnummer3',
  mobile:
    'mobilephone mobilenumber mobilephonenumber cell cellphone cellular handy handynummer mobil mobiltelefon mobilnummer mobilfunk telefonmobil',
  fax: 'faxnumber fax1 businessfax workfax telefax telefax1 faxnummer faxgeschaeftlich',
  fax2: 'faxnumber2 homefax otherfax telefax2 faxnummer2 faxprivat',
  line1:
    'street address1 streetaddress addressline1 address strasse strassehausnummer strasseundhausnummer strasseundnr strassenr strassehausnr adresse1 adresse anschrift',
  line2: 'extendedaddress address2 addressline2 street2 adresszusatz adresse2 adressezusatz anschriftzusatz strasse2',
  city: 'town locality ort stadt wohnort ortsname',
  state: 'stateprovince province region bundesland kanton provinz',
  postalCode: 'zip zipcode postcode zippostalcode plz postleitzahl',
  country: 'countryregion landregion countrycode land laendercode staat',
  alias: 'aliasname addressalias placename ortsalias ortsbezeichnung',
  type: 'contacttype typ kontakttyp kontaktart',
  tags: 'tag label labels groupmembership category categories keywords schlagworte schlagwoerter schlagwort stichworte stichwoerter kategorie kategorien gruppen',
  notes:
    'note remark remarks comment comments description notiz notizen bemerkung bemerkungen kommentar kommentare anmerkung anmerkungen beschreibung',
  website: 'web url homepage webpage website1value websiteurl internet internetseite internetadresse webseite',
};

/** Columns that say a part of a street: joined with it, in the order of the file. */
const streetParts = new Set('streetnumber streetno housenumber houseno hausnummer hausnr strassennummer'.split(' '));

/** A second column for the same thing takes the next free place of its kind. */
const next: Partial<Record<ImportField, ImportField>> = { email: 'email2', phone: 'phone2', phone2: 'phone3', fax: 'fax2' };

const fieldsByName = new Map<string, { field: ImportField; rank: number }>();
for (const field of importFields)
  [field.toLowerCase(), ...(names[field]?.split(' ').filter(Boolean) ?? [])].forEach((name, rank) => {
    fieldsByName.set(name, { field, rank });
  });

const umlauts: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };
/** "E-mail 1 - Value", "e_mail1value" and "EMail1Value" are one name: letters and digits only, umlauts written out. */
const keyOf = (header: string) =>
  header
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[äöüß]/g, (letter) => umlauts[letter]!)
    .replace(/[^\p{L}\p{N}]/gu, '');

const customField = (header: string) => (/^customFields\.\S{1,64}$/.test(header) ? { field: header as ImportField, rank: 0 } : undefined);

/**
 * Which field each column seems to be, from its header alone; null where the header says nothing.
 * No two columns get the same field, except those that make up a street together.
 */
export function proposeMapping(headers: readonly string[]): (ImportField | null)[] {
  const keys = headers.map(keyOf);
  const addresses = addressColumns(keys, (key) => fieldsByName.get(key));
  const known = headers.map((header, i) => (addresses.has(i) ? addresses.get(i) : (fieldsByName.get(keys[i]!) ?? customField(header))));
  // "Name" beside "Vorname" is the last name, as German address lists have it.
  const given = known.some((k) => k?.field === 'firstName');
  const family = known.some((k) => k?.field === 'lastName');
  const wanted = known.map((k, i) => (keys[i] === 'name' && given && !family ? { field: 'lastName' as const, rank: 0 } : k));

  const taken = new Map<ImportField, number>();
  wanted.forEach((want, i) => {
    if (!want) return;
    const holder = taken.get(want.field);
    if (holder === undefined || want.rank < wanted[holder]!.rank) taken.set(want.field, i);
  });
  wanted.forEach((want, i) => {
    if (!want || taken.get(want.field) === i) return;
    let free = next[want.field];
    while (free && taken.has(free)) free = next[free];
    if (free) taken.set(free, i);
  });

  const proposal: (ImportField | null)[] = headers.map(() => null);
  for (const [field, i] of taken) proposal[i] = field;
  if (taken.has('line1'))
    keys.forEach((key, i) => {
      if (streetParts.has(key)) proposal[i] = 'line1';
    });
  return proposal;
}

/** Headers that only the exports of one system have: one of them, or all where they stand together. */
const systems: [system: string, headers: string[][]][] = [
  ['zoho', [['contactowner'], ['zohoid']]],
  ['hubspot', [['recordidcontact'], ['lifecyclestage']]],
  ['salesforce', [['mailingstreet', 'accountname'], ['salesforceid']]],
  ['google', [['email1value'], ['groupmembership']]],
  ['outlook', [['emaildisplayname'], ['businessstreet', 'emailaddress']]],
  ['yahoo', [['yahooid'], ['yahoophone']]],
  ['onedesk', [['onedeskid']]],
];

/** The system whose export has these headers, where it is a known one. */
export function systemOf(headers: readonly string[]): string | undefined {
  const keys = new Set(headers.map(keyOf));
  return systems.find(([, signs]) => signs.some((together) => together.every((header) => keys.has(header))))?.[0];
}

/** What a contacts file still lacks to be imported with this mapping, as a sentence; undefined when it has enough. */
export function lacksColumns(fields: Iterable<string | null>): string | undefined {
  const has = new Set(fields);
  if (has.has('email') || has.has('name') || (has.has('firstName') && has.has('lastName'))) return undefined;
  return 'A contacts file needs a column for the e-mail, or one for the first and one for the last name.';
}
