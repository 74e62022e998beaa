import { DatabaseEnv } from '@kontor/service';
import type { z } from 'zod';

export const Env = DatabaseEnv;
export type Env = z.output<typeof Env>;
