import { type Feature, features, type Permissions, type PermissionsChange } from '@kontor/contracts';

/** What a new contact may see until somebody decides otherwise: everything of its customer, but of support only its own (product.md 5.3, 5.4). */
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
