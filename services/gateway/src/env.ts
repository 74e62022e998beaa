import { isCallerKey } from '@kontor/bus';
import { BaseEnv } from '@kontor/service';
import { z } from 'zod';

// Tenants whose claim is not a UUID get one made of this and the claim. Changing it makes every such tenant a new, empty one.
const TENANT_NAMESPACE = '6b1f4bd2-7c0e-4a52-9d7c-1d3f0f8a5e21';

const httpUrl = (what: string) => z.url({ protocol: /^https?$/, error: `must be the address of ${what}, like https://id.example` });
const claim = (name: string) => z.string().min(1).default(name);

export const GatewayEnv = BaseEnv.extend({
  /** The private key that belongs to KONTOR_CALLER_KEY. No other service has it. */
  KONTOR_CALLER_SIGNING_KEY: z
    .string()
    .refine((key) => isCallerKey('private', key), 'must be an Ed25519 private key: PKCS #8, DER, base64'),
  KONTOR_HTTP_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  KONTOR_HTTP_HOST: z.string().default('0.0.0.0'),
  /** Compared to the letter with the `iss` of a token, so a final slash counts. */
  KONTOR_OIDC_ISSUER: httpUrl('the identity provider'),
  KONTOR_OIDC_AUDIENCE: z.string().min(1).default('kontor'),
  /** Without it the provider is asked: <issuer>/.well-known/openid-configuration */
  KONTOR_OIDC_JWKS_URL: httpUrl('the key set of the identity provider').optional(),
  KONTOR_OIDC_TENANT_CLAIM: claim('tenant'),
  KONTOR_OIDC_ROLES_CLAIM: claim('roles'),
  KONTOR_OIDC_TEAMS_CLAIM: claim('teams'),
  KONTOR_TENANT_NAMESPACE: z.uuid('must be a UUID').default(TENANT_NAMESPACE),
  KONTOR_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((origin) => origin.trim() || []))
    .pipe(z.array(z.url({ protocol: /^https?$/, error: 'must be a list of origins like https://app.example,https://desk.example' }))),
  /** How long a body may take to arrive; an upload may take longer while bytes keep arriving. */
  KONTOR_BODY_SECONDS: z.coerce.number().int().min(1).max(3600).default(30),
  KONTOR_MAX_UPLOAD_MB: z.coerce.number().int().min(1).default(2048),
});
export type GatewayEnv = z.output<typeof GatewayEnv>;

/** The token under which the environment is injected. */
export const ENV = Symbol('gateway env');
