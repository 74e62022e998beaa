import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';

// What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7).
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The keys with which the gateway signs who asks and the services check it, in the form of KONTOR_CALLER_SIGNING_KEY and KONTOR_CALLER_KEY; the same secret gives the same pair. */
export function callerKeys(secret: string): { signingKey: string; publicKey: string } {
  const key = Buffer.concat([PKCS8_ED25519, createHash('sha256').update(secret).digest()]);
  const publicKey = createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  return { signingKey: key.toString('base64url'), publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64url') };
}
