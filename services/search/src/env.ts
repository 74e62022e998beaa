import { DatabaseEnv } from '@kontor/service';
import { z } from 'zod';

export const Env = DatabaseEnv.extend({
  KONTOR_MEILI_URL: z.string().regex(/^https?:\/\//, 'must be the address of Meilisearch, like http://localhost:7700'),
  KONTOR_MEILI_KEY: z.string().min(1),
  /** How long a change may be fresh before it is merged into the settled index. */
  KONTOR_SEARCH_SETTLE_MS: z.coerce.number().int().min(0).default(30_000),
});
export type Env = z.output<typeof Env>;
