import { DatabaseEnv } from '@kontor/service';
import { z } from 'zod';

export const Env = DatabaseEnv.extend({
  KONTOR_MEILI_URL: z.string().regex(/^https?:\/\//, 'must be the address of Meilisearch, like http://localhost:7700'),
  KONTOR_MEILI_KEY: z.string().min(1),
});
export type Env = z.output<typeof Env>;
