import type { Summary } from '@kontor/contracts';
import type { Entry } from '../words/entry-fields.js';

const primary = <T extends { primary: boolean }>(values: readonly T[]): T | undefined => values.find((one) => one.primary) ?? values[0];

/** What a hit shows of an entry: its primary values. */
export function summaryOf(entry: Entry): Summary {
  const person = entry.kind === 'contact' ? entry : undefined;
  return {
    id: entry.id,
    kind: entry.kind,
    displayName: entry.displayName,
    firstName: person?.firstName ?? null,
    lastName: person?.lastName ?? null,
    email: primary(entry.emails)?.address ?? null,
    phone: primary(entry.phones)?.number ?? null,
    companyName: person?.companyName ?? null,
    customer: person?.customerId && person.customerName ? { id: person.customerId, name: person.customerName } : null,
    city: primary(entry.addresses)?.city ?? null,
    type: entry.type,
    tags: entry.tags,
    employeeCode: person?.employeeCode ?? null,
    updatedAt: entry.updatedAt,
  };
}
