// A real OpenID provider for a hub on this machine: discovery, keys, and access tokens like those of a company's provider. In place of a
// login page it has a grant of its own, with which the owner of the data folder gets a token for any agent (`npm run token`).
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { DataFolder } from './data-folder.js';
import { messageOf, SetupError } from './setup-error.js';

export interface IdentityProvider {
  issuer: string;
  stop(): Promise<void>;
}

/** Whose token: the tenant's name or id, the role, the agent's and the teams' names. */
export interface TokenFor {
  tenant: string;
  role: string;
  agent?: string;
  teams?: string[];
}

export const roles = ['admin', 'agent', 'light_agent'];
const AUDIENCE = 'kontor';
const CLIENT = 'kontor-local';
const GRANT = 'urn:kontor:local-agent';
const EIGHT_HOURS = 8 * 60 * 60;
const AGENT_NAMES: Record<string, string> = { admin: 'Ada Admin', agent: 'Aki Agent', light_agent: 'Lou Light' };

/** Serves on 127.0.0.1. The signing key is kept in the data folder: tokens outlive a restart of the hub. */
export async function startIdentityProvider(data: DataFolder, port: number): Promise<IdentityProvider> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve)).catch((error: unknown) => {
    throw new SetupError(`The identity provider cannot listen on port ${port}: ${messageOf(error)}.`);
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Loaded only here: every test file loads this package, and few need a provider.
  const { default: Provider } = await import('oidc-provider');
  const provider = new Provider(issuer, configuration(data, await signingKey(data)));
  provider.registerGrantType(GRANT, giveToken, ['tenant', 'role', 'agent', 'team'], ['team']);
  server.on('request', provider.callback());
  return {
    issuer,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Gets a token from the provider of the hub that runs on this data folder. */
export async function fetchToken(
  data: DataFolder,
  { tenant, role, agent = AGENT_NAMES[role] ?? role, teams = [] }: TokenFor,
): Promise<string> {
  const hub = data.hub();
  if (!hub)
    throw new SetupError(
      `No hub runs on ${data.path}: run \`npm start\` first, or set KONTOR_DATA_DIR to the folder of the one that does.`,
    );
  const form = new URLSearchParams({
    grant_type: GRANT,
    client_id: CLIENT,
    client_secret: data.secret('identity-provider'),
    tenant,
    role,
    agent,
  });
  for (const team of teams) form.append('team', team);
  const answer = await fetch(`${hub.issuer}/token`, { method: 'POST', body: form, signal: AbortSignal.timeout(10_000) }).catch(
    () => undefined,
  );
  if (!answer) throw new SetupError(`The hub on ${data.path} does not run any more: run \`npm start\`.`);
  const body = (await answer.json()) as { access_token?: string; error_description?: string };
  if (!body.access_token) throw new SetupError(`No token: ${body.error_description ?? `the provider answered ${answer.status}`}.`);
  return body.access_token;
}

async function signingKey(data: DataFolder): Promise<JWK> {
  const known = data.read<JWK>('signing-key.json');
  if (known) return known;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' };
  data.write('signing-key.json', key);
  return key;
}

function configuration(data: DataFolder, key: JWK): Configuration {
  return {
    jwks: { keys: [key] },
    adapter: NothingStored,
    cookies: { keys: [data.secret('identity-provider-cookies')] },
    clients: [
      {
        client_id: CLIENT,
        client_secret: data.secret('identity-provider'),
        grant_types: [GRANT],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    features: { devInteractions: { enabled: false }, userinfo: { enabled: false } },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (context) => claimsOf(context),
    ttl: { AccessToken: EIGHT_HOURS },
  };
}

async function giveToken(context: KoaContextWithOIDC): Promise<void> {
  const { errors } = await import('oidc-provider');
  const { client, provider, params = {} } = context.oidc;
  if (!client) throw new errors.InvalidClient('the client is unknown');
  const { tenant, role } = params;
  if (typeof tenant !== 'string' || !tenant) throw new errors.InvalidRequest('tenant is missing');
  if (typeof role !== 'string' || !roles.includes(role)) throw new errors.InvalidRequest(`role must be one of ${roles.join(', ')}`);
  const token = new provider.AccessToken({ client, accountId: subjectOf(context), gty: GRANT } as never);
  token.resourceServer = new provider.ResourceServer(AUDIENCE, {
    audience: AUDIENCE,
    scope: '',
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  });
  context.body = { access_token: await token.save(), token_type: 'Bearer', expires_in: EIGHT_HOURS };
}

/** The same name in the same tenant is the same person. */
const subjectOf = ({ oidc: { params = {} } }: KoaContextWithOIDC): string => `${params.tenant}/${params.agent}`;

function claimsOf({ oidc: { params = {} } }: KoaContextWithOIDC): Record<string, unknown> {
  const teams = params.team === undefined ? [] : [params.team].flat();
  return { tenant: params.tenant, roles: [params.role], teams, name: params.agent };
}

/** Signed tokens need no store, and there are no sessions. */
class NothingStored {
  async upsert(): Promise<void> {}
  async find(): Promise<undefined> {}
  async findByUserCode(): Promise<undefined> {}
  async findByUid(): Promise<undefined> {}
  async consume(): Promise<void> {}
  async destroy(): Promise<void> {}
  async revokeByGrantId(): Promise<void> {}
}
