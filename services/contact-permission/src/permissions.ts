import { type Feature, features, type Permission, type Permissions, type PermissionsChange } from '@kontor/contracts';

/** What a new contact may see until somebody decides otherwise: everything of its customer, but of support only its own (docs/rules.md 5.3, 5.4). */
export const defaultPermissions: Permissions = {
  invoices: { allowed: true, scope: 'customer' },
  estimates: { allowed: true, scope: 'customer' },
  contracts: { allowed: true, scope: 'customer' },
  proposals: { allowed: true, scope: 'customer' },
  support: { allowed: true, scope: 'own' },
  projects: { allowed: true, scope: 'customer' },
};

/** What is not named in the change stays as it is. */
export function withChange(permissions: Permissions, change: PermissionsChange): Permissions {
  return Object.fromEntries(features.map((feature) => [feature, { ...permissions[feature], ...change[feature] }])) as Permissions;
}

export const isSame = (a: Permissions, b: Permissions): boolean =>
  features.every((feature) => a[feature].allowed === b[feature].allowed && a[feature].scope === b[feature].scope);

export const allowedFeatures = (permissions: Permissions): Feature[] => features.filter((feature) => permissions[feature].allowed);

/** The features that a change says something about. */
export const namedIn = (change: PermissionsChange): Feature[] =>
  features.filter((feature) => Object.values(change[feature] ?? {}).some((value) => value !== undefined));

/** What was decided for a contact, and into whom it was merged. */
export interface Decided {
  contactId: string;
  mergedInto: string | null;
  permissions: Permissions;
  decided: readonly Feature[];
}

/**
 * What a contact may see with everybody who was merged into it (docs/rules.md 9.3): a feature that somebody has decided about for it is so. One that nobody
 * has is as it was decided for those who were merged into it, the least where they differ: who had it switched off does not get it by a merge.
 * Works on what each row says, so undoing a merge leaves no trace.
 */
export function permissionsOf(contactId: string, rows: readonly Decided[]): Permissions {
  const own = rows.find((row) => row.contactId === contactId)?.permissions ?? defaultPermissions;
  return { ...own, ...decidedFor(contactId, rows, new Set()) };
}

function decidedFor(contactId: string, rows: readonly Decided[], above: ReadonlySet<string>): Partial<Permissions> {
  const met = new Set([...above, contactId]);
  const all: Partial<Permissions> = {};
  // Events in another order than things happened can say for a moment that two are merged into each other.
  for (const row of rows.filter(({ mergedInto, contactId: id }) => mergedInto === contactId && !met.has(id)))
    for (const [feature, theirs] of Object.entries(decidedFor(row.contactId, rows, met)) as [Feature, Permission][])
      all[feature] = less(all[feature] ?? theirs, theirs);
  const own = rows.find((row) => row.contactId === contactId);
  for (const feature of own?.decided ?? []) all[feature] = own?.permissions[feature];
  return all;
}

const less = (a: Permission, b: Permission): Permission => ({
  allowed: a.allowed && b.allowed,
  scope: a.scope === 'own' || b.scope === 'own' ? 'own' : 'customer',
});
