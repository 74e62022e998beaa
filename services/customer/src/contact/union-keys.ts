import type { ContactPatch } from '@kontor/contracts';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { ContactRow } from '../tables/contact.table.js';

/**
 * Adds the e-mails and external ids of a patch to those of the contact instead of replacing them, so that an upsert by one system does not delete the
 * keys of another. A new external id replaces the previous one of the same source. An existing address keeps properties that the patch does not
 * specify, and is primary only if it was or if the patch says so.
 */
export function unionKeys<P extends ContactPatch>(before: ContactRow, patch: P): P {
  return {
    ...patch,
    ...(patch.emails !== undefined && { emails: unionEmails(before.emails, patch.emails ?? []) }),
    ...(patch.externalIds !== undefined && { externalIds: unionExternalIds(before.externalIds, patch.externalIds ?? []) }),
  };
}

type Emails = NonNullable<ContactPatch['emails']>;

function unionEmails(before: ContactRow['emails'], given: Emails): Emails {
  const keyOf = ({ address }: { address: string }) => emailKey(address);
  const named = new Map(given.map((email) => [keyOf(email), email]));
  const known = new Set(before.map(keyOf));
  const choosesPrimary = given.some(({ primary }) => primary);
  const kept = before.map((email) => {
    const patched = named.get(keyOf(email));
    return { ...email, ...patched, primary: choosesPrimary ? patched?.primary : email.primary };
  });
  return [...kept, ...given.filter((email) => !known.has(keyOf(email)))];
}

function unionExternalIds(before: ContactRow['externalIds'], given: ContactRow['externalIds']): ContactRow['externalIds'] {
  const named = new Set(given.map(externalIdKey));
  const replaced = new Set(given.map(({ source }) => source));
  const kept = before.filter((one) => named.has(externalIdKey(one)) || !replaced.has(one.source));
  const there = new Set(kept.map(externalIdKey));
  return [...kept, ...given.filter((one) => !there.has(externalIdKey(one)))];
}
