import { describe, expect, test } from '@jest/globals';
import type { Feature, Permission, PermissionsChange } from '@kontor/contracts';
import { type Decisions, inheritedValues } from '@kontor/database';
import { allowedFeatures, decidedIn, defaultPermissions, isSame, permissionTable, withChange } from './permissions.js';

describe('permissions', () => {
  test('a new contact may see all six features, of support only its own', () => {
    expect(allowedFeatures(defaultPermissions)).toEqual(['invoices', 'estimates', 'contracts', 'proposals', 'support', 'projects']);
    expect(Object.entries(defaultPermissions).filter(([, { scope }]) => scope === 'own')).toEqual([
      ['support', { allowed: true, scope: 'own' }],
    ]);
  });

  test('a change leaves alone what it does not name, features and parts of a feature', () => {
    const changed = withChange(defaultPermissions, { invoices: { allowed: false }, support: { scope: 'customer' } });
    expect(changed).toEqual({
      ...defaultPermissions,
      invoices: { allowed: false, scope: 'customer' },
      support: { allowed: true, scope: 'customer' },
    });
    expect(allowedFeatures(changed)).toEqual(['estimates', 'contracts', 'proposals', 'support', 'projects']);
  });

  test('what was set to what it was has not changed', () => {
    expect(isSame(defaultPermissions, withChange(defaultPermissions, { projects: { allowed: true } }))).toBe(true);
    expect(isSame(defaultPermissions, withChange(defaultPermissions, { projects: { scope: 'own' } }))).toBe(false);
    expect(isSame(defaultPermissions, withChange(defaultPermissions, {}))).toBe(true);
  });
});

describe('9.3 permissions of merged contacts', () => {
  const decided = (contactId: string, mergedInto: string | null, change: PermissionsChange): Decisions<Feature, Permission> => ({
    contactId,
    mergedInto,
    values: withChange(defaultPermissions, change),
    decided: Object.keys(decidedIn(change, defaultPermissions)) as Feature[],
  });

  test('of several decisions the least counts, whatever their order', () => {
    const rows = [
      decided('b', 'a', { invoices: { allowed: true }, support: { scope: 'customer' } }),
      decided('c', 'a', { invoices: { allowed: false } }),
    ];
    for (const each of [rows, rows.toReversed()])
      expect(inheritedValues(permissionTable, 'a', each)).toMatchObject({
        invoices: { allowed: false },
        support: { allowed: true, scope: 'customer' },
      });
  });

  test('a decision goes before those of whoever was merged into it earlier', () => {
    const rows = [
      decided('c', 'b', { invoices: { allowed: false }, projects: { allowed: false } }),
      decided('b', 'a', { invoices: { allowed: true } }),
    ];
    expect(inheritedValues(permissionTable, 'a', rows)).toMatchObject({ invoices: { allowed: true }, projects: { allowed: false } });
  });
});
