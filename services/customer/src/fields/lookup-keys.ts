import { domainToASCII, domainToUnicode } from 'node:url';
import { cleanEmail, cleanText, type ExternalId } from '@kontor/contracts';

// Normalized forms in which the look-up keys of contacts and customers are stored and compared.

/** The normalized form of a domain: Unicode according to UTS 46, so that `xn--mller-kva.example` equals `müller.example`. */
export function domainKey(domain: string): string {
  const plain = cleanText(domain).toLowerCase();
  return /[^ -~]|(^|\.)xn--/.test(plain) ? domainToUnicode(domainToASCII(plain)) || plain : plain;
}

/** The normalized form of an e-mail address: lower case, NFC, with a normalized domain. */
export function emailKey(address: string): string {
  const clean = cleanEmail(address);
  const at = clean.lastIndexOf('@') + 1;
  return clean.slice(0, at).toLowerCase() + domainKey(clean.slice(at));
}
/** The domain of an address, for assigning contacts to customers. */
export const domainOf = (address: string): string => {
  const key = emailKey(address);
  return key.slice(key.lastIndexOf('@') + 1);
};

/** Encodes source and id in one string without collisions. */
export function externalIdKey(given: ExternalId): string {
  const source = cleanText(given.source);
  return `${source.length}:${source}:${cleanText(given.id)}`;
}
