import { createSecretKey, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import { AppError } from '@kontor/bus';
import { createContact, getContact, type Me, seeAgent } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { generateKeyPair } from 'jose';
import { startIdentityProvider } from './identity-provider.js';
import { answer, standIn } from './stand-in.js';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

let gateway: Gateway;
const introduced: Context[] = [];
let refuseAgents = false;
let created = 0;
const customer = standIn('customer', [
  answer(seeAgent, (_, context) => {
    if (refuseAgents) throw new AppError('busy', 'not now');
    introduced.push(context);
    return {};
  }),
  answer(getContact, () => {
    throw new AppError('not-found', 'There is no contact with this id');
  }),
  answer(createContact, () => {
    created++;
    throw new AppError('conflict', 'never mind');
  }),
]);

beforeAll(async () => {
  gateway = await startGateway({ services: [customer] });
});
afterAll(() => gateway.stop());

const now = () => Math.floor(Date.now() / 1000);
const me = (token?: string, headers?: Record<string, string>) =>
  gateway.call<Me & Record<string, unknown>>('GET', '/v1/me', { token, headers });

describe('tokens', () => {
  it.each(['RS256', 'ES256', 'EdDSA'])('signed with %s are taken', async (alg) => {
    expect((await me(await gateway.identity.token({}, { alg }))).status).toBe(200);
  });

  const foreign = generateKeyPair('ES256');
  const refused: [string, (g: Gateway) => Promise<string | undefined> | string | undefined, string][] = [
    ['none', () => undefined, 'An access token is needed'],
    ['no JWT', () => 'abc', 'must be a signed JWT'],
    ['half a JWT', async ({ identity }) => (await identity.token()).split('.').slice(0, 2).join('.'), 'must be a signed JWT'],
    ['expired', ({ identity }) => identity.token({ exp: now() - 31 }), 'has expired'],
    ['never expiring', ({ identity }) => identity.token({ exp: undefined }), '"exp"'],
    ['not valid yet', ({ identity }) => identity.token({ nbf: now() + 40 }), 'not valid yet'],
    ['of another issuer', ({ identity }) => identity.token({ iss: `${identity.issuer}/` }), 'not from the issuer'],
    ['of no issuer', ({ identity }) => identity.token({ iss: undefined }), 'not from the issuer'],
    ['for another audience', ({ identity }) => identity.token({ aud: 'other' }), 'not for the audience "kontor"'],
    ['for no audience', ({ identity }) => identity.token({ aud: undefined }), 'not for the audience'],
    ['without a subject', ({ identity }) => identity.token({ sub: undefined }), '"sub"'],
    [
      'signed with a key of somebody else',
      async ({ identity }) => identity.token({}, { key: (await foreign).privateKey }),
      'The signature',
    ],
    [
      'of an unknown key',
      async ({ identity }) => identity.token({}, { key: (await foreign).privateKey, kid: 'other' }),
      'does not publish',
    ],
    [
      'signed with HS256',
      ({ identity }) => identity.token({}, { alg: 'HS256', kid: 'ES256', key: new Uint8Array(32) }),
      'not signed with one of',
    ],
    [
      'signed with HS256 and a public key as the secret',
      async ({ identity }) => {
        const jwks = await (await fetch(`${identity.issuer}/jwks`)).text();
        return identity.token({}, { alg: 'HS256', kid: 'RS256', key: createSecretKey(Buffer.from(jwks)).export() });
      },
      'not signed with one of',
    ],
    [
      'with alg none',
      ({ identity }) => {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const claims = { iss: identity.issuer, aud: 'kontor', sub: 'x', tenant: 't', roles: ['admin'], exp: now() + 60 };
        return `${part({ alg: 'none' })}.${part(claims)}.`;
      },
      'not signed with one of',
    ],
    [
      'changed after signing',
      async ({ identity }) => {
        const [head, body, signature] = (await identity.token({ roles: ['light_agent'] })).split('.');
        const claims = { ...JSON.parse(Buffer.from(body ?? '', 'base64url').toString()), roles: ['admin'] };
        return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
      },
      'The signature',
    ],
  ];
  it.each(refused)('%s: 401 that says why', async (_, tokenOf, detail) => {
    const answer = await me(await tokenOf(gateway));
    expect(problemIn(answer)).toMatchObject({ status: 401, code: 'unauthenticated', detail: expect.stringContaining(detail) });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['a header that says at+jwt', {}, { typ: 'at+jwt' }],
    ['the same in full, in capitals', {}, { typ: 'application/AT+JWT' }],
    ['a header that says JWT', {}, { typ: 'JWT' }],
    ['a header that says at+jwt, whatever it knows of the sign-in', { nonce: 'n' }, { typ: 'at+jwt' }],
    ['what Keycloak calls Bearer', { typ: 'Bearer' }, { typ: 'JWT' }],
  ])('with %s are taken', async (_, claims, header) => {
    expect((await me(await gateway.identity.token(claims, { header }))).status).toBe(200);
  });

  it.each([
    ['logout tokens', {}, { typ: 'logout+jwt' }, 'its type is "logout+jwt"'],
    ['logout tokens in full', {}, { typ: 'application/logout+jwt' }, 'its type is'],
    ['logout tokens that call themselves JWT', { events: {} }, { typ: 'JWT' }, '"events"'],
    ['security events', {}, { typ: 'secevent+jwt' }, 'its type is'],
    ['proofs of possession', {}, { typ: 'dpop+jwt' }, 'its type is'],
    ['client assertions', {}, { typ: 'client-authentication+jwt' }, 'its type is'],
    ['introspections', {}, { typ: 'token-introspection+jwt' }, 'its type is'],
    ['tokens of an empty type', {}, { typ: '' }, 'its type is'],
    ['ID tokens with a nonce', { nonce: 'n' }, {}, '"nonce"'],
    ['ID tokens with the hash of an access token', { at_hash: 'h' }, { typ: 'JWT' }, '"at_hash"'],
    ['ID tokens with the hash of a code', { c_hash: 'h' }, { typ: 'JWT' }, '"c_hash"'],
    ['ID tokens of Keycloak', { typ: 'ID' }, { typ: 'JWT' }, '"typ" is "ID"'],
    ['refresh tokens of Keycloak', { typ: 'Refresh' }, { typ: 'JWT' }, '"typ" is "Refresh"'],
    ['tokens with something critical that nobody knows', {}, { crit: ['x-only'], 'x-only': true }, 'cannot be read'],
    ['tokens with an expiry that is critical', {}, { crit: ['exp'], exp: 1 }, 'cannot be read'],
  ])('%s are none', async (_, claims, header, detail) => {
    const answer = await me(await gateway.identity.token(claims, { header }));
    expect(problemIn(answer)).toMatchObject({ status: 401, detail: expect.stringContaining(detail) });
  });

  it.each([
    ['tenant', { tenant: 'acme\ud800' }, 'well-formed Unicode'],
    ['tenant', { tenant: '\udc00acme' }, 'well-formed Unicode'],
    ['tenant', { tenant: 'acme\ufffd' }, 'well-formed Unicode'],
    ['tenant', { tenant: 'ac\u0000me' }, 'U+0000'],
    ['sub', { sub: 'anna\ud83d' }, 'well-formed Unicode'],
    ['sub', { sub: 'an\u0000na' }, 'U+0000'],
    ['teams', { teams: ['Nord', 'S\ud800d'] }, 'well-formed Unicode'],
    ['teams', { teams: 'S\u0000d' }, 'U+0000'],
    ['teams', { teams: ['x'.repeat(257)] }, 'longer than 256'],
    ['roles', { roles: ['ad\u0000min'] }, 'none of the roles'],
    ['roles', { roles: ['admin\ud800'] }, 'none of the roles'],
  ])('whose %s is %j name nobody for sure: 403', async (claim, claims, detail) => {
    const answer = await me(await gateway.identity.token(claims));
    expect(problemIn(answer)).toMatchObject({ status: 403, detail: expect.stringContaining(detail) });
    expect(answer.json.detail).toContain(`"${claim}"`);
  });

  it('of a tenant, agent and team in any script are taken to the letter', async () => {
    const claims = { tenant: 'Ünï 漢字 👩‍💻', sub: 'Łukasz 🦊', teams: ['Süd 🧭'] };
    const { json } = await me(await gateway.identity.token(claims));
    expect(json.teams).toEqual(['Süd 🧭']);
    expect((await me(await gateway.identity.token({ ...claims, tenant: 'Ünï 漢字 👩💻' }))).json.tenant).not.toBe(json.tenant);
  });

  it('30 seconds between clocks are forgiven', async () => {
    expect((await me(await gateway.identity.token({ exp: now() - 10 }))).status).toBe(200);
    expect((await me(await gateway.identity.token({ nbf: now() + 10 }))).status).toBe(200);
  });

  it('of another scheme are none', async () => {
    expect(problemIn(await me(undefined, { authorization: 'Basic YTpi' })).code).toBe('unauthenticated');
  });

  const without: [string, Record<string, unknown>, string][] = [
    ['tenant', { tenant: undefined }, '"tenant"'],
    ['a tenant that is a text', { tenant: 7 }, '"tenant"'],
    ['roles', { roles: undefined }, '"roles"'],
    ['any role known here', { roles: ['boss', 'service'] }, 'admin, agent, light_agent'],
  ];
  it.each(without)('without %s: 403 that names the claim', async (_, claims, detail) => {
    expect(problemIn(await me(await gateway.identity.token(claims)))).toMatchObject({
      status: 403,
      detail: expect.stringContaining(detail),
    });
  });

  it('say who calls; what the claims hold beyond that is left out', async () => {
    const tenant = randomUUID();
    const claims = {
      tenant: tenant.toUpperCase(),
      sub: 'anna',
      name: 'Anna \u0000Mül\ud800ler',
      roles: ['agent', 'service', 'boss'],
      teams: ['Nord', '', 7, 'Nord'],
    };
    const { json } = await me(await gateway.identity.token(claims));
    expect(json).toEqual({ id: json.id, name: 'Anna Mül\ufffdler', tenant, roles: ['agent'], teams: ['Nord'] });
    expect((await me(await gateway.identity.token({ ...claims, tenant: 'acme' }))).json).toMatchObject({ id: json.id });
    expect((await me(await gateway.identity.token({ ...claims, sub: 'bernd' }))).json.id).not.toBe(json.id);
  });

  it('name a tenant that is not a UUID: it always is the same one, and differs by case', async () => {
    const tenantOf = async (tenant: string) => (await me(await gateway.identity.token({ tenant }))).json.tenant;
    expect(await tenantOf('acme')).toMatch(/^[0-9a-f-]{14}5[0-9a-f-]{21}$/);
    expect(await tenantOf('acme')).toBe(await tenantOf('acme'));
    expect(await tenantOf('ACME')).not.toBe(await tenantOf('acme'));
  });
});

describe('roles', () => {
  it('too small for a call are refused before the body is read and without asking the service', async () => {
    const before = created;
    const token = await gateway.identity.token({ roles: ['light_agent'] });
    const answer = await gateway.call('POST', '/v1/contacts', { token, body: '{', headers: { 'content-type': 'application/json' } });
    expect(problemIn(answer)).toMatchObject({ status: 403, code: 'forbidden', detail: expect.stringContaining('light_agent') });
    expect(created).toBe(before);
  });
});

describe('agents', () => {
  const someContact = () => `/v1/contacts/${randomUUID()}`;

  it('are made known once, and again when something about them changes', async () => {
    const claims = { sub: randomUUID(), tenant: randomUUID(), name: 'Anna', teams: ['Süd'] };
    const mine = () => introduced.filter((context) => context.tenant === claims.tenant);
    const token = await gateway.identity.token(claims);
    await Promise.all([1, 2, 3].map(() => gateway.call('GET', someContact(), { token })));
    await gateway.call('GET', someContact(), { token: await gateway.identity.token(claims) });
    expect(mine()).toHaveLength(1);
    expect(mine()[0]).toMatchObject({ agent: { name: 'Anna' }, roles: ['admin'], teams: ['Süd'] });
    await gateway.call('GET', someContact(), { token: await gateway.identity.token({ ...claims, teams: [] }) });
    expect(mine()).toHaveLength(2);
  });

  it('agents that cannot be registered are served all the same, and registered next time', async () => {
    const token = await gateway.identity.token({ sub: 'later' });
    const before = introduced.length;
    refuseAgents = true;
    expect((await me(token)).status).toBe(200);
    refuseAgents = false;
    expect((await me(token)).status).toBe(200);
    expect(introduced).toHaveLength(before + 1);
  });
});

describe('the identity provider', () => {
  it('away: 503 for tokens that need it, and it works again by itself', async () => {
    const identity = await startIdentityProvider();
    identity.fail();
    const own = await startGateway({ env: { KONTOR_OIDC_ISSUER: identity.issuer } });
    try {
      const token = await identity.token();
      const answer = await own.call('GET', '/v1/me', { token });
      expect(problemIn(answer)).toMatchObject({ status: 503, code: 'unavailable', detail: expect.stringContaining('identity provider') });
      expect(answer.headers.get('retry-after')).toBe('5');
      identity.recover();
      await eventually(async () => expect((await own.call('GET', '/v1/me', { token })).status).toBe(200));
      identity.fail();
      expect((await own.call('GET', '/v1/me', { token })).status).toBe(200);
      expect((await own.call('GET', '/v1/me', { token: await identity.token() })).status).toBe(200);
    } finally {
      await own.stop();
      await identity.stop();
    }
  });

  it('is asked for its keys once, and not for every unknown key', async () => {
    const jwks = () => gateway.identity.asked.filter((path) => path === '/jwks').length;
    const before = jwks();
    for (const kid of ['a', 'b', 'c'])
      await me(await gateway.identity.token({}, { kid, key: (await generateKeyPair('ES256')).privateKey }));
    expect(jwks()).toBe(before);
  });

  it('may be named by its key set alone', async () => {
    const { identity } = gateway;
    const own = await startGateway({
      env: {
        KONTOR_OIDC_ISSUER: 'https://id.example/',
        KONTOR_OIDC_JWKS_URL: `${identity.issuer}/jwks`,
        KONTOR_OIDC_ROLES_CLAIM: 'realm.roles',
      },
    });
    try {
      const token = await identity.token({ iss: 'https://id.example/', roles: undefined, realm: { roles: ['agent'] } });
      expect((await own.call('GET', '/v1/me', { token })).json).toMatchObject({ roles: ['agent'] });
    } finally {
      await own.stop();
    }
  });
});
