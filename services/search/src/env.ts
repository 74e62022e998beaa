import { DatabaseEnv } from '@kontor/service';
import { z } from 'zod';
import { DEFAULT_PREFIX } from './indexes/index-names.js';

export const Env = DatabaseEnv.extend({
  KONTOR_MEILI_URL: z.string().regex(/^https?:\/\//, 'must be the address of Meilisearch, like http://localhost:7700'),
  KONTOR_MEILI_KEY: z.string().min(1),
  /** What the names of the indexes begin with. Hubs that share a Meilisearch need different ones. */
  KONTOR_MEILI_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,40}$/, 'must be 1 to 40 letters, digits or underscores')
    .default(DEFAULT_PREFIX),
  /** How long a change may be fresh before it is merged into the settled index. */
  KONTOR_SEARCH_SETTLE_MS: z.coerce.number().int().min(0).default(30_000),
});
export type Env = z.output<typeof Env>;
