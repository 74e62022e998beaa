import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { AppError, invalid, Limit } from '@kontor/bus';
import { MAX_PHOTO_BYTES, photoTypes } from '@kontor/contracts';
import { isPublic } from './public-address.js';

export interface Address {
  address: string;
  family: number;
}
export interface FetchRules {
  /** Also allows private addresses and plain http, for tests and closed networks. */
  allowPrivate: boolean;
  /** Resolves all addresses of a host. */
  resolve?: (host: string) => Promise<Address[]>;
  timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const everyAddress = (host: string) => lookup(host, { all: true });
const limit = new Limit(4);

/**
 * Downloads from an untrusted https URL: at most 1 MB within 5 s, without following redirects, and never from a host that has an address outside the
 * public internet. The name is resolved once and the connection uses the checked address, which prevents DNS rebinding. Fails with `invalid`,
 * `too-large` or `unreadable-file`.
 */
export async function fetchPicture(url: string, rules: FetchRules): Promise<Buffer> {
  const { allowPrivate, resolve = everyAddress, timeoutMs = TIMEOUT_MS } = rules;
  const target = allowedUrl(url, allowPrivate);
  return limit.run(async () => {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const addresses = await withTimeout(allowedAddresses(target, allowPrivate, resolve), signal);
      return await read(await sendRequest(target, addresses, signal));
    } catch (error) {
      if (error instanceof AppError) throw error;
      const why = signal.aborted ? `was not complete after ${timeoutMs / 1_000} seconds` : 'could not be fetched: its host did not respond';
      throw new AppError('unreadable-file', `The picture ${why}`);
    }
  });
}

const notAllowed = (message: string) => invalid([{ path: 'url', message, code: 'not-allowed' }]);

function allowedUrl(text: string, allowPrivate: boolean): URL {
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) throw notAllowed('must begin with https://');
  if (url.username || url.password) throw notAllowed('must not have a user name or password in it');
  return url;
}

/** The same error for unknown and for internal hosts, so that internal ones cannot be discovered. */
async function allowedAddresses(url: URL, allowPrivate: boolean, resolve: NonNullable<FetchRules['resolve']>): Promise<Address[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = await resolve(host).catch((): Address[] => []);
  if (addresses.length === 0 || !(allowPrivate || addresses.every(({ address }) => isPublic(address))))
    throw notAllowed('must be at a host of the public internet');
  return addresses;
}

function sendRequest(url: URL, addresses: Address[], signal: AbortSignal): Promise<IncomingMessage> {
  const pinned: LookupFunction = (_host, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, addresses);
    else done(null, first?.address ?? '', first?.family);
  };
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? overHttps : overHttp;
    const headers = { accept: photoTypes.join(', '), 'accept-encoding': 'identity', 'user-agent': 'Kontor' };
    // No shared agent: a reused connection would not have been checked.
    request(url, { agent: false, lookup: pinned, signal, headers }, resolve).once('error', reject).end();
  });
}

async function read(response: IncomingMessage): Promise<Buffer> {
  try {
    const { statusCode = 0, headers } = response;
    if (statusCode >= 300 && statusCode < 400)
      throw new AppError(
        'unreadable-file',
        'There is a redirect at this address, which is not followed; give the address of the picture itself',
      );
    if (statusCode !== 200)
      throw new AppError('unreadable-file', `There is no picture at this address: it responds with status ${statusCode}`);
    if (Number(headers['content-length']) > MAX_PHOTO_BYTES) throw tooLarge();
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of response as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MAX_PHOTO_BYTES) throw tooLarge();
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  } finally {
    response.destroy();
  }
}

const tooLarge = () => new AppError('too-large', 'The picture at this address is larger than 1 MB, which is the limit');

/** DNS look-ups cannot be aborted; this only stops waiting for them. */
function withTimeout<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const timedOut = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
  return Promise.race([work, timedOut]);
}
