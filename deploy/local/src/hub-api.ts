import type { SearchStatus } from '@kontor/contracts';
import type { DataFolder } from './data-folder.js';
import { fetchToken } from './identity-provider.js';
import { messageOf, SetupError } from './setup-error.js';

/** The hub does not answer now, but may in a moment. */
export class HubAway extends SetupError {}

export interface HubApi {
  url: string;
  token: string;
}

/** The hub that the environment names, else the one that runs on this data folder, with a token of an admin. */
export async function findHub(
  { KONTOR_URL: url, KONTOR_TOKEN: token }: NodeJS.ProcessEnv,
  data: DataFolder,
  tenant?: string,
): Promise<HubApi> {
  if (token && tenant) throw new SetupError('--tenant is for the hub of `npm start`: the tenant of KONTOR_TOKEN stands in the token.');
  if (url) {
    if (!/^https?:/.test(url) || !URL.canParse(url))
      throw new SetupError(`KONTOR_URL is ${url}: set it to an address like https://kontor.example.`);
    if (!token) throw new SetupError('KONTOR_URL is set, but KONTOR_TOKEN is not: set it to an access token of an admin.');
    return { url: url.replace(/\/+$/, ''), token };
  }
  const hub = data.hub();
  if (!hub) throw new SetupError('No hub runs here: run `npm start` first, or set KONTOR_URL and KONTOR_TOKEN for another one.');
  return { url: hub.api, token: token || (await fetchToken(data, { tenant: tenant ?? 'demo', role: 'admin' })) };
}

/** Calls a route of `/v1/admin/search`; all of them answer how the index is. */
export async function askSearch({ url, token }: HubApi, method: 'GET' | 'POST', route: string, body?: object): Promise<SearchStatus> {
  const response = await fetch(`${url}/v1/admin/search/${route}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch((error: unknown) => {
    throw new HubAway(`${url} cannot be reached: ${messageOf((error as Error).cause ?? error)}.`);
  });
  const text = await response.text();
  if (!/json/.test(response.headers.get('content-type') ?? ''))
    throw new SetupError(`${url} is not a Kontor hub: it answered ${response.status} without JSON. Is KONTOR_URL right?`);
  if (response.ok) return JSON.parse(text) as SearchStatus;
  const { detail } = JSON.parse(text) as { detail?: string };
  const sentence = `${response.status < 500 ? 'The hub refused it' : 'The hub cannot do it now'} (${response.status}): ${detail ?? text}`;
  throw [502, 503, 504].includes(response.status) ? new HubAway(sentence) : new SetupError(sentence);
}
