import { isCallerKey } from '@kontor/bus';
import { z } from 'zod';

/** Variables that every service has. Services add their own with `.extend`. */
export const BaseEnv = z.object({
  KONTOR_NATS_URL: z.string().regex(/^(nats|tls):\/\//, 'must be the address of NATS, like nats://localhost:4222'),
  KONTOR_NATS_USER: z.string().min(1).optional(),
  KONTOR_NATS_PASSWORD: z.string().min(1).optional(),
  /** The public key of the gateway, with which it is checked who asks; several, with commas between them, while the key is changed. */
  KONTOR_CALLER_KEY: z
    .string()
    .transform((list) => list.split(',').map((key) => key.trim()))
    .pipe(z.array(z.string().refine((key) => isCallerKey('public', key), 'must be an Ed25519 public key: SPKI, DER, base64'))),
  KONTOR_HEALTH_PORT: z.coerce.number().int().min(0).max(65535).default(9090),
  KONTOR_HEALTH_HOST: z.string().default('0.0.0.0'),
  KONTOR_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  KONTOR_CONCURRENCY: z.coerce.number().int().min(1).max(1024).default(64),
});
export type BaseEnv = z.output<typeof BaseEnv>;

/** Variables of a service with a database: the role it works as, and the role that only migrations use. */
export const DatabaseEnv = BaseEnv.extend({
  KONTOR_DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be the address of the database, like postgres://customer:…@localhost:5432/customer'),
  KONTOR_MIGRATION_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must be the address of the database with the role that migrates')
    .optional(),
  KONTOR_DATABASE_POOL: z.coerce.number().int().min(1).max(50).default(10),
});

/** Reads the environment; throws one error that names every wrong variable. An empty variable is as good as none. */
export function readEnv<E extends z.ZodType>(schema: E, service: string, variables: Record<string, string | undefined>): z.output<E> {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.')}: ${given[String(issue.path[0])] === undefined ? 'is not set' : issue.message}`,
  );
  throw new Error(`The ${service} service cannot start; these environment variables are wrong:\n${wrong.join('\n')}`);
}
