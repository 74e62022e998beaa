import { DatabaseEnv } from '@kontor/service';
import { z } from 'zod';

export const Env = DatabaseEnv.extend({
  /** The resolver that finds the pictures of social links (photo/photo-resolver.client.ts); without it none are suggested. */
  KONTOR_PHOTO_RESOLVER_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address with {url} in it, like https://resolver.example/?link={url}' })
    .refine((url) => url.includes('{url}'), 'must have {url} in it, where the link is put')
    .optional(),
  /** Allows outgoing calls to private addresses and plain http: only for tests and closed networks. */
  KONTOR_ALLOW_PRIVATE_ADDRESSES: z.stringbool().default(false),
});
export type Env = z.output<typeof Env>;

/** The token under which the environment is injected. */
export const ENV = Symbol('customer env');
