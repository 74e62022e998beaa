import { describe, expect, test } from '@jest/globals';
import { allowedFeatures, defaultPermissions, isSame, withChange } from './permissions.js';

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
