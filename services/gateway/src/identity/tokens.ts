import { hash } from 'node:crypto';
import { AppError, describeError } from '@kontor/bus';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { ENV, type GatewayEnv } from '../env.js';
import { type Caller, callerOf } from './caller.js';

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const CLOCK_TOLERANCE_S = 30;
const REFETCH_MS = 10 * 60_000;
const MOST_TOKENS = 10_000;

/** Verifies access tokens of the one identity provider. What was verified is remembered until it expires. */
@Injectable()
export class Tokens implements OnModuleDestroy {
  private readonly log = new Logger(Tokens.name);
  private readonly verified = new LRUCache<string, { caller: Caller; expires: number }>({ max: MOST_TOKENS });
  private remote?: Promise<RemoteKeys>;
  private refresh?: NodeJS.Timeout;

  constructor(@Inject(ENV) private readonly env: GatewayEnv) {}

  /** Gives who calls; fails with `unauthenticated`, `forbidden` (no tenant or role), or `unavailable` when the provider is needed and cannot be reached. */
  async verify(authorization: string | undefined): Promise<Caller> {
    const token = /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization ?? '')?.[1];
    if (!token) throw new AppError('unauthenticated', 'An access token is needed: send it as "Authorization: Bearer <token>"');
    const key = hash('sha256', token, 'base64');
    const known = this.verified.get(key);
    if (known && known.expires > Date.now()) return known.caller;
    const { caller, expires } = await this.check(token);
    this.verified.set(key, { caller, expires });
    return caller;
  }

  private async check(token: string): Promise<{ caller: Caller; expires: number }> {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, this.keys, {
        issuer: this.env.KONTOR_OIDC_ISSUER,
        audience: this.env.KONTOR_OIDC_AUDIENCE,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', 'sub'],
      });
      requireAccessToken(protectedHeader.typ, payload);
      if (typeof payload.sub !== 'string' || payload.sub === '')
        throw new errors.JWTClaimValidationFailed('"sub" names nobody', payload, 'sub');
      return { caller: callerOf(payload, this.env), expires: (payload.exp ?? 0) * 1000 };
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new AppError('unauthenticated', this.whatIsWrong(error));
      throw error;
    }
  }

  private whatIsWrong(error: errors.JOSEError): string {
    if (error instanceof errors.JWTExpired) return 'The access token has expired; get a new one';
    if (error instanceof errors.JWTClaimValidationFailed) {
      if (error.claim === 'iss') return `The access token is not from the issuer ${this.env.KONTOR_OIDC_ISSUER}`;
      if (error.claim === 'aud') return `The access token is not for the audience "${this.env.KONTOR_OIDC_AUDIENCE}"`;
      if (error.claim === 'nbf') return 'The access token is not valid yet';
      return `The access token has no valid claim "${error.claim}"`;
    }
    if (error instanceof errors.JOSEAlgNotAllowed) return `The access token is not signed with one of ${ALGORITHMS.join(', ')}`;
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
      return 'The access token is signed with a key that the identity provider does not publish';
    if (error instanceof errors.JWSSignatureVerificationFailed) return 'The signature of the access token is wrong';
    return 'The access token cannot be read: it must be a signed JWT';
  }

  /** Failing to get keys says nothing about the token, and so is another error than finding no key that fits. */
  private readonly keys: JWTVerifyGetKey = async (header, token) => {
    try {
      this.remote ??= this.discover();
      return await (await this.remote)(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      this.log.warn({ event: 'identity-provider-unreachable', ...describeError(error) });
      throw new AppError('unavailable', 'The identity provider cannot be reached, so the access token cannot be checked', {
        retryAfter: 5,
      });
    }
  };

  private async discover(): Promise<RemoteKeys> {
    try {
      const url = this.env.KONTOR_OIDC_JWKS_URL ?? (await this.publishedKeySet());
      // Known keys stay in use while the provider is away: they are fetched again in the background, and at once for an unknown key id.
      const remote = createRemoteJWKSet(new URL(url), { cooldownDuration: 30_000, timeoutDuration: 5_000, cacheMaxAge: Infinity });
      this.refresh = setInterval(() => {
        remote.reload().catch((error: unknown) => this.log.warn({ event: 'keys-not-refreshed', ...describeError(error) }));
      }, REFETCH_MS).unref();
      return remote;
    } catch (error) {
      this.remote = undefined;
      throw error;
    }
  }

  private async publishedKeySet(): Promise<string> {
    const issuer = this.env.KONTOR_OIDC_ISSUER;
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      redirect: 'error',
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`the issuer answers its configuration with ${response.status}`);
    const published = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (published.issuer !== issuer)
      throw new Error(`the issuer calls itself otherwise than KONTOR_OIDC_ISSUER: ${String(published.issuer)}`);
    if (typeof published.jwks_uri !== 'string') throw new Error('the configuration of the issuer has no jwks_uri');
    return published.jwks_uri;
  }

  onModuleDestroy(): void {
    clearInterval(this.refresh);
  }
}

// Keycloak says in the claim `typ` what a token is for.
const OTHER_USES = ['ID', 'Refresh', 'Offline', 'Logout'];

/**
 * The provider signs other tokens too, which may name the same audience. One that calls itself an access token (RFC 9068) is one; of those that
 * call themselves nothing in particular, ID tokens are recognised by the claims that tie them to a sign-in, and logout tokens by their events.
 */
function requireAccessToken(typ: string | undefined, claims: JWTPayload): void {
  const kind = typ?.toLowerCase().replace(/^application\//, '');
  if (kind === 'at+jwt') return;
  const found = ['nonce', 'at_hash', 'c_hash', 'events'].find((claim) => claim in claims);
  if (kind !== undefined && kind !== 'jwt') throw notAccess(`its type is "${typ?.slice(0, 50)}"`);
  if (OTHER_USES.includes(String(claims.typ))) throw notAccess(`its claim "typ" is "${String(claims.typ)}"`);
  if (found) throw notAccess(`it has the claim "${found}"`);
}

const notAccess = (why: string) => new AppError('unauthenticated', `This is not an access token: ${why}`);
