import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DataFolder } from '../src/data-folder.js';
import { freePort } from '../src/free-port.js';
import { readyHub } from '../src/ready-hub.js';

test('a hub is ready when its own /health says so, whatever was announced', async () => {
  const data = new DataFolder(mkdtempSync(join(tmpdir(), 'kontor-')));
  let status = 503;
  const server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await expect(readyHub(data)).rejects.toThrow(/^No hub runs on .*npm start/);
    data.announce({ api: `http://127.0.0.1:${await freePort()}`, issuer: '' });
    await expect(readyHub(data)).rejects.toThrow(/is not ready/);
    data.announce({ api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, issuer: '' });
    await expect(readyHub(data)).rejects.toThrow(/is not ready/);
    status = 200;
    expect(await readyHub(data)).toEqual(data.hub());
  } finally {
    server.close();
    rmSync(data.path, { recursive: true });
  }
});
