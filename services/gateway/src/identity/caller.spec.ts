import { describe, expect, it } from '@jest/globals';
import { uuidV5 } from '@kontor/bus';
import { callerKeys } from '@kontor/local';
import { GatewayEnv } from '../env.js';
import { callerOf } from './caller.js';

const { publicKey, signingKey } = callerKeys('test');
const env = (more: Record<string, string> = {}) =>
  GatewayEnv.parse({
    KONTOR_NATS_URL: 'nats://localhost:4222',
    KONTOR_OIDC_ISSUER: 'https://id.example',
    KONTOR_CALLER_KEY: publicKey,
    KONTOR_CALLER_SIGNING_KEY: signingKey,
    ...more,
  });
const claims = { iss: 'https://id.example', sub: 'anna', tenant: 'acme', roles: ['agent'] };

describe('a UUID of a name', () => {
  it('is the one that everybody else makes of it', () => {
    // The example of RFC 9562, appendix A.4.
    expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
  });
});

describe('the caller', () => {
  it('is the same for the same issuer and subject only', () => {
    const id = (more: object) => callerOf({ ...claims, ...more }, env()).agent.id;
    expect(id({})).toBe(id({ tenant: 'other', name: 'Anna' }));
    expect(new Set([id({}), id({ sub: 'bernd' }), id({ iss: 'https://other.example' })]).size).toBe(3);
  });

  it('has a tenant that depends on the namespace, unless it is a UUID', () => {
    const tenant = (claim: string, namespace: string) =>
      callerOf({ ...claims, tenant: claim }, env({ KONTOR_TENANT_NAMESPACE: namespace })).tenant;
    const [one, other] = ['018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000002'];
    expect(tenant('acme', one)).not.toBe(tenant('acme', other));
    expect(tenant('0AB00000-0000-7000-8000-000000000003', one)).toBe('0ab00000-0000-7000-8000-000000000003');
  });

  it('may have claims with names like addresses, nested ones, and roles as one text', () => {
    const names = { KONTOR_OIDC_TENANT_CLAIM: 'https://kontor.dev/tenant', KONTOR_OIDC_ROLES_CLAIM: 'realm_access.roles' };
    const { roles } = callerOf({ ...claims, 'https://kontor.dev/tenant': 'acme', realm_access: { roles: 'light_agent' } }, env(names));
    expect(roles).toEqual(['light_agent']);
  });

  it('is never a service', () => {
    expect(() => callerOf({ ...claims, roles: ['service'] }, env())).toThrow('none of the roles known here');
    expect(callerOf({ ...claims, roles: ['service', 'admin'] }, env()).roles).toEqual(['admin']);
  });

  it('has another fingerprint when something about it has changed', () => {
    const fingerprint = (more: object) => callerOf({ ...claims, ...more }, env()).fingerprint;
    expect(fingerprint({})).toBe(fingerprint({ iat: 1, teams: [] }));
    expect(new Set([{}, { name: 'A' }, { teams: ['N'] }, { roles: ['admin'] }, { tenant: 'b' }].map(fingerprint)).size).toBe(5);
  });
});
