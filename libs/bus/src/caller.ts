import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AppError } from './app-error.js';
import type { Caller } from './context.js';

const VALID_MS = 10 * 60_000;
const MOST_CALLERS = 10_000;
const SIGNATURE_BYTES = 64;

const publicKey = (key: string): KeyObject => createPublicKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'spki' });
const privateKey = (key: string): KeyObject => createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' });

/** Whether this is an Ed25519 key as it stands in the environment: DER (SPKI when public, PKCS #8 when private) in base64. */
export function isCallerKey(kind: 'public' | 'private', key: string): boolean {
  try {
    return (kind === 'public' ? publicKey(key) : privateKey(key)).asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

/** Signs callers; only the gateway has its key. The same caller gets the same signature until half of its time is over. */
export class CallerSigner {
  private readonly key: KeyObject;
  private readonly made = new LRUCache<string, { signed: string; until: number }>({ max: MOST_CALLERS });

  constructor(key: string) {
    this.key = privateKey(key);
  }

  sign({ tenant, agent, roles, teams, door }: Caller, validMs = VALID_MS): string {
    const now = Date.now();
    const caller = JSON.stringify({ tenant, agent, roles, teams, door });
    const known = this.made.get(caller);
    if (known && known.until - now >= validMs / 2) return known.signed;
    const until = now + validMs;
    const payload = Buffer.from(`{"until":${until},"caller":${caller}}`).toString('base64url');
    const signed = `${payload}.${sign(null, Buffer.from(payload), this.key).toString('base64url')}`;
    this.made.set(caller, { signed, until });
    return signed;
  }
}

/** Checks signed callers with the public key of the gateway, or with several while keys are changed. What was verified is remembered. */
export class CallerVerifier {
  private readonly keys: KeyObject[];
  private readonly verified = new LRUCache<string, { caller: Caller; until: number }>({ max: MOST_CALLERS });

  constructor(keys: readonly string[]) {
    this.keys = keys.map(publicKey);
  }

  /** Fails with `unauthenticated` unless the gateway has signed exactly this, and the signature has not expired (`evenExpired` takes it all the same). */
  verify(signed: string, evenExpired = false): Caller {
    let known = this.verified.get(signed);
    if (!known) {
      known = this.read(signed);
      this.verified.set(signed, known);
    }
    if (known.until <= Date.now() && !evenExpired) throw new AppError('unauthenticated', 'The signature of the caller has expired');
    return known.caller;
  }

  private read(signed: string): { caller: Caller; until: number } {
    const [payload = '', mark = ''] = signed.split('.');
    const signature = Buffer.from(mark, 'base64url');
    // One text for each signature: base64 would take others for the same.
    const exact = signature.length === SIGNATURE_BYTES && `${payload}.${signature.toString('base64url')}` === signed;
    if (!exact || !this.keys.some((key) => verify(null, Buffer.from(payload), key, signature)))
      throw new AppError('unauthenticated', 'The caller of this request is not signed by the gateway');
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as { caller: Caller; until: number };
  }
}
