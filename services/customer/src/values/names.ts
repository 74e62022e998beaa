const HAN = /^\p{Script=Han}+$/u;

interface Named {
  firstName: string | null;
  middleName: string | null;
  lastName: string | null;
  companyName: string | null;
  emails: { address: string; primary: boolean }[];
  phones: { number: string; primary: boolean }[];
  employeeCode: string | null;
}

/** How a person is shown: first middle last; Chinese last first without a space; else company, e-mail, phone, code (docs/rules.md 10). */
export function displayName(person: Named): string {
  const { firstName, middleName, lastName } = person;
  const parts = [firstName, middleName, lastName].filter((part): part is string => Boolean(part));
  if (parts.length > 0)
    return parts.every((part) => HAN.test(part)) ? `${lastName ?? ''}${firstName ?? ''}${middleName ?? ''}` : parts.join(' ');
  const email = person.emails.find((e) => e.primary) ?? person.emails[0];
  const phone = person.phones.find((p) => p.primary) ?? person.phones[0];
  return person.companyName ?? email?.address ?? phone?.number ?? person.employeeCode ?? '';
}

/** Names sort without case and accents; ties fall back to the id. Kept short, because it stands in an index. */
export const sortName = (name: string): string =>
  name.normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').toLowerCase().slice(0, 200);
