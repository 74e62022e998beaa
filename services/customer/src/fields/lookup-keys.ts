import { domainToASCII, domainToUnicode } from 'node:url';
import { cleanEmail, cleanText, type ExternalId } from '@kontor/contracts';

// What contacts and customers are found by, in the one form in which two of the same kind are compared.

/** A domain in the one form it is compared in: Unicode as UTS 46 has it, so that `xn--mller-kva.example` is `müller.example`. */
export function domainKey(domain: string): string {
  const plain = cleanText(domain).toLowerCase();
  return /[^ -~]|(^|\.)xn--/.test(plain) ? domainToUnicode(domainToASCII(plain)) || plain : plain;
}

/** E-mail addresses are compared without case, in NFC, and their domains in one form. */
export function emailKey(address: string): string {
  const clean = cleanEmail(address);
  const at = clean.lastIndexOf('@') + 1;
  return clean.slice(0, at).toLowerCase() + domainKey(clean.slice(at));
}
/** The domain of an address, for the customer it may belong to. */
export const domainOf = (address: string): string => {
  const key = emailKey(address);
  return key.slice(key.lastIndexOf('@') + 1);
};

/** A pair in one string that two different pairs never share. */
export function externalIdKey(given: ExternalId): string {
  const source = cleanText(given.source);
  return `${source.length}:${source}:${cleanText(given.id)}`;
}
