import { createHash } from 'node:crypto';

export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

const LOWER_CASE_UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Whether this is a UUID in lower case, of any version: PostgreSQL takes them all, and a tenant may have one of no standard version (which is why the
 * functions of the package `uuid`, for validating and for version 5 in a namespace, would not do here).
 */
export const isLowerCaseUuid = (text: string): boolean => LOWER_CASE_UUID.test(text);

/** A name's UUID in a namespace (RFC 9562, version 5): the same two always give the same one. */
export function uuidV5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
