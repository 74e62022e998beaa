import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const AUDIENCE = 'kontor';

type Key = Awaited<ReturnType<typeof generateKeyPair>>;
interface TokenOptions {
  alg?: string;
  kid?: string;
  key?: Key['privateKey'] | Uint8Array;
  expiresIn?: number;
  /** More members of the header. */
  header?: Record<string, unknown>;
}

/** A small identity provider: it publishes its configuration and its keys over HTTP, and signs what it is told to. */
export async function startIdentityProvider() {
  const keys = new Map<string, Key & { alg: string }>();
  let up = true;
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (!up) return void response.writeHead(500).end();
    const answers: Record<string, unknown> = {
      '/.well-known/openid-configuration': { issuer, jwks_uri: `${issuer}/jwks` },
      '/jwks': {
        keys: await Promise.all(
          [...keys].map(async ([kid, { alg, publicKey }]) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })),
        ),
      },
    };
    response.writeHead(path in answers ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answers[path] ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function publish(alg: string, kid = alg): Promise<void> {
    keys.set(kid, { ...(await generateKeyPair(alg, { extractable: true })), alg });
  }
  for (const alg of ['RS256', 'ES256', 'EdDSA']) await publish(alg);

  return {
    issuer,
    asked,
    publish,
    /** A token with these claims over the usual ones; `undefined` leaves one out. */
    token(
      claims: JWTPayload = {},
      { alg = 'ES256', kid = alg, key = keys.get(kid)?.privateKey, expiresIn = 300, header = {} }: TokenOptions = {},
    ): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const usual = {
        iss: issuer,
        aud: AUDIENCE,
        sub: `sub-${randomUUID()}`,
        tenant: randomUUID(),
        roles: ['admin'],
        iat: now,
        exp: now + expiresIn,
      };
      const jwt = new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg, kid, ...header });
      // What is critical and unknown is signed all the same: it is the reader who has to refuse it.
      return jwt.sign(key ?? new Uint8Array(32), {
        crit: Object.fromEntries(((header.crit as string[]) ?? []).map((name) => [name, true])),
      });
    },
    fail: () => (up = false),
    recover: () => (up = true),
    stop: () => new Promise<void>((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
}
export type IdentityProvider = Awaited<ReturnType<typeof startIdentityProvider>>;
