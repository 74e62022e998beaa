import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Address, fetchPicture } from '../src/photo/fetch-picture.js';
import { refusal } from './refusal.js';

let server: Server;
let port = 0;
let asked: string[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let connections = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.headers.host}${request.url}`);
    answer(request, response);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  connections = 0;
  answer = (_, response) => void response.end('picture');
});

const local: Address = { address: '127.0.0.1', family: 4 };
const elsewhere: Address = { address: '8.8.8.8', family: 4 };

describe('a picture is never fetched', () => {
  const inside = (host: string) => `https://${host}:${port}/x.png`;
  it.each([
    inside('127.0.0.1'),
    inside('localhost'),
    inside('2130706433'),
    inside('0x7f.1'),
    inside('0177.0.0.1'),
    inside('[::1]'),
    inside('[::ffff:127.0.0.1]'),
    inside('[::127.0.0.1]'),
    inside('0.0.0.0'),
    'https://169.254.169.254/latest/meta-data/',
    'https://[fd00:ec2::254]/latest/',
    'https://10.0.0.1/',
    'https://100.64.0.1/',
    'https://no-such-host.invalid/',
  ])('from %s', async (url) => {
    expect(await refusal(fetchPicture(url, { allowPrivate: false }))).toMatchObject({
      code: 'invalid',
      message: 'url: must be at a host of the public internet',
    });
    expect(connections).toBe(0);
  });

  it('from a host with one internal address, in any position', async () => {
    for (const addresses of [[local], [elsewhere, local], [local, elsewhere], [elsewhere, { address: 'fe80::1', family: 6 }], []]) {
      const resolve = async () => addresses;
      expect(await refusal(fetchPicture(inside('pictures.example'), { allowPrivate: false, resolve }))).toMatchObject({ code: 'invalid' });
    }
    expect(connections).toBe(0);
  });

  it.each([
    ['http://pictures.example/', /https/],
    ['ftp://pictures.example/', /https/],
    ['file:///etc/passwd', /https/],
    ['data:image/png;base64,AAAA', /https/],
    ['https://anna:secret@pictures.example/', /password/],
  ])('from %s', async (url, message) => {
    const resolve = () => Promise.reject(new Error('was looked up'));
    const error = await refusal(fetchPicture(url, { allowPrivate: false, resolve }));
    expect([error.code, error.message]).toEqual(['invalid', expect.stringMatching(message)]);
  });
});

describe('a picture is fetched', () => {
  it('from the checked address: the name is resolved only once', async () => {
    const resolved: string[] = [];
    const resolve = async (host: string) => {
      resolved.push(host);
      return resolved.length === 1 ? [local] : [elsewhere];
    };
    const url = `http://pictures.example:${port}/anna.png?x=1`;
    expect((await fetchPicture(url, { allowPrivate: true, resolve })).toString()).toBe('picture');
    expect(resolved).toEqual(['pictures.example']);
    expect(asked).toEqual([`pictures.example:${port}/anna.png?x=1`]);
  });

  it('over a new connection every time', async () => {
    for (let i = 0; i < 2; i++) await fetchPicture(`http://127.0.0.1:${port}/`, { allowPrivate: true });
    expect(connections).toBe(2);
  });

  const fetchIt = (timeoutMs = 300) => refusal(fetchPicture(`http://127.0.0.1:${port}/`, { allowPrivate: true, timeoutMs }));
  it('without following a redirect', async () => {
    answer = (_, response) => void response.writeHead(301, { location: '/other' }).end();
    expect(await fetchIt(5_000)).toMatchObject({ code: 'unreadable-file', message: expect.stringContaining('redirect') });
    expect(asked).toHaveLength(1);
  });

  it('within the timeout, even if the response is slow', async () => {
    answer = (_, response) => {
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    };
    const began = Date.now();
    expect(await fetchIt()).toMatchObject({ code: 'unreadable-file', message: 'The picture was not complete after 0.3 seconds' });
    answer = () => {};
    expect(await fetchIt()).toMatchObject({ code: 'unreadable-file' });
    const resolve = () => new Promise<never>(() => {});
    expect(await refusal(fetchPicture('https://slow.example/', { allowPrivate: false, resolve, timeoutMs: 300 }))).toMatchObject({
      code: 'unreadable-file',
    });
    expect(Date.now() - began).toBeLessThan(3_000);
  });

  it('up to 1 MB, without reading more', async () => {
    let sent = 0;
    answer = (_, response) => {
      const piece = Buffer.alloc(64 * 1024);
      const more = () => {
        while (!response.destroyed && response.write(piece)) sent += piece.length;
        sent += piece.length;
      };
      response.on('drain', more);
      more();
    };
    expect(await fetchIt(5_000)).toMatchObject({ code: 'too-large' });
    expect(sent).toBeLessThan(20 * 1024 * 1024);
    const whole = Buffer.alloc(1024 * 1024, 1);
    answer = (_, response) => void response.end(whole);
    expect((await fetchPicture(`http://127.0.0.1:${port}/`, { allowPrivate: true })).equals(whole)).toBe(true);
  });

  it('completely or not at all', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('x');
      setTimeout(() => response.destroy(), 20);
    };
    expect(await fetchIt()).toMatchObject({ code: 'unreadable-file' });
    expect(await refusal(fetchPicture('http://127.0.0.1:1/', { allowPrivate: true }))).toMatchObject({ code: 'unreadable-file' });
  });
});
