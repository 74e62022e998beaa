import { type Feature, features, type Permission, type Permissions, type PermissionsChange } from '@kontor/contracts';
import type { DecisionTable } from '@kontor/database';

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

/** The permissions that a change decides about, as it makes them of those that hold now. */
export function decidedIn(change: PermissionsChange, now: Permissions): Partial<Permissions> {
  const after = withChange(now, change);
  const named = features.filter((feature) => Object.values(change[feature] ?? {}).some((value) => value !== undefined));
  return Object.fromEntries(named.map((feature) => [feature, after[feature]]));
}

/** Where permissions are kept: of two contacts that were merged, who had something switched off does not get it by the merge. */
export const permissionTable: DecisionTable<Feature, Permission> = {
  table: 'permission',
  column: 'permissions',
  defaults: defaultPermissions,
  least: (a, b) => ({ allowed: a.allowed && b.allowed, scope: a.scope === 'own' || b.scope === 'own' ? 'own' : 'customer' }),
};
