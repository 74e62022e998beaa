import type { ContactPatch } from '@kontor/contracts';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import type { ContactRow } from '../tables/contact.table.js';

/**
 * A patch whose e-mails and external ids are added to those of the contact instead of replacing them: a system that upserts by its own key does not
 * delete the keys of others. A new external id of a source replaces the one that this source had; an address that is there already keeps what the
 * patch does not say of it, and is primary only if it was or if the patch says so.
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
    const said = named.get(keyOf(email));
    return { ...email, ...said, primary: choosesPrimary ? said?.primary : email.primary };
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
