import { AppError, invalid } from '@kontor/bus';

export const etagOf = (version: number | string) => `"${version}"`;

/** The version that `If-Match` asks for; none when it is absent or `*`. */
export function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const version = /^\s*"([1-9]\d{0,14})"\s*$/.exec(ifMatch)?.[1];
  if (version) return Number(version);
  const message = ifMatch.trimStart().startsWith('W/')
    ? 'is a weak tag, which says nothing about the version: send it without W/, like "5"'
    : 'must be one tag as an answer gave it in ETag, in quotes, like "5", or *';
  throw invalid([{ path: 'If-Match', message, code: 'invalid-header' }]);
}

/** The tag of something that has no version, like a picture, that `If-Match` asks for; none when it is absent or `*`. */
export function tagOf(ifMatch: string | undefined): string | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const tag = /^\s*"([\w-]{1,100})"\s*$/.exec(ifMatch)?.[1];
  if (tag) return tag;
  throw invalid([{ path: 'If-Match', message: 'must be one tag as an answer gave it in ETag, in quotes, or *', code: 'invalid-header' }]);
}

/** Whether `If-None-Match` says that the caller has this version. Weak and strong tags are alike here (RFC 9110). */
export const isKnown = (ifNoneMatch: string | undefined, version: number | string): boolean =>
  (ifNoneMatch ?? '').split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etagOf(version));

/** Makes a repeated POST have one effect; the owning service keeps it. */
export function idempotencyKeyOf(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x20-\x7e]{1,255}$/.test(header) && header.trim()) return header;
  throw new AppError('invalid', 'Idempotency-Key: must be 1 to 255 printable ASCII characters, a UUID for example', {
    errors: [{ path: 'Idempotency-Key', message: 'must be 1 to 255 printable ASCII characters', code: 'invalid-header' }],
  });
}
