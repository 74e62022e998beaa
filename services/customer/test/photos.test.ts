import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Context, runAs } from '@kontor/bus';

import * as k from '@kontor/contracts';
import { Database } from '@kontor/database';
import { aContact, aCustomer, again, anAgent, eventually, startWorld, type World } from '@kontor/testing';
import sharp from 'sharp';
import { service } from '../src/index.js';
import { forgetPhotos } from '../src/photo/photo.table.js';
import { refusal } from './refusal.js';

const orange = { r: 240, g: 120, b: 10 };
const blank = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: orange } });

let world: World;
let site: Server;
let at = '';
/** The responses of the site by path, and the requests that it got. */
const pages = new Map<string, { status?: number; headers?: Record<string, string>; body?: Buffer | string }>();
const asked: string[] = [];
const heard: { tenant: string; subject: string; changes: k.Change[] }[] = [];

beforeAll(async () => {
  // A minimal resolver and a minimal site with pictures.
  site = createServer((request, response) => {
    asked.push(request.url ?? '');
    const page = pages.get((request.url ?? '').split('?', 1)[0] ?? '');
    response.writeHead(page?.status ?? (page ? 200 : 404), page?.headers).end(page?.body);
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  at = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  world = await startWorld({
    services: [service],
    env: { customer: { KONTOR_PHOTO_RESOLVER_URL: `${at}/resolve?link={url}`, KONTOR_ALLOW_PRIVATE_ADDRESSES: 'true' } },
  });
  world.bus.connection.subscribe('events.>', {
    callback: (_, m) => {
      heard.push({ tenant: m.headers?.get('Kontor-Tenant') ?? '', subject: m.subject, ...(m.json() as { changes: k.Change[] }) });
    },
  });
});
afterAll(async () => {
  await world.stop();
  site.closeAllConnections();
  site.close();
});

const kinds = ['contact', 'customer'] as const;
const make = (agent: Context, kind: (typeof kinds)[number]) =>
  kind === 'contact' ? world.ask(agent, k.createContact, aContact()) : world.ask(agent, k.createCustomer, aCustomer());
const read = (agent: Context, kind: (typeof kinds)[number], id: string) =>
  kind === 'contact' ? world.ask(agent, k.getContact, { id }) : world.ask(agent, k.getCustomer, { id });
const put = (agent: Context, of: { kind: (typeof kinds)[number]; id: string }, image: Buffer, more = {}) =>
  world.ask(again(agent), k.setPhoto, { ...of, image: image.toString('base64'), ...more });
const shown = async (agent: Context, of: { kind: (typeof kinds)[number]; id: string }) => {
  const picture = await world.ask(again(agent), k.getPhoto, of);
  return { ...picture, image: Buffer.from(picture.image, 'base64') };
};
/** A contact that the test is about, and who made it. */
async function aPictured() {
  const agent = anAgent();
  const { id } = await make(agent, 'contact');
  return { agent, of: { kind: 'contact' as const, id } };
}

describe('a picture', () => {
  it.each(kinds)(
    '2.9 of a %s is the initials, then the one set, then the initials again; the version increases and changes are published',
    async (kind) => {
      const agent = anAgent();
      const { id, version } = await make(agent, kind);
      const of = { kind, id };
      const before = await shown(agent, of);
      expect([before.mediaType, before.image.toString()]).toEqual([
        'image/svg+xml',
        expect.stringContaining(kind === 'contact' ? '>AM<' : '>B'),
      ]);

      const set = await put(agent, of, await blank(400, 200).png().toBuffer());
      expect(set).toMatchObject({ id, version: version + 1, mediaType: 'image/png', width: 200, height: 100 });
      const now = await shown(agent, of);
      expect([now.mediaType, now.etag, now.image.length]).toEqual(['image/png', set.etag, set.bytes]);
      expect(now.etag).not.toBe(before.etag);
      expect((await read(agent, kind, id)).version).toBe(version + 1);

      await world.ask(agent, k.deletePhoto, of);
      expect(await shown(agent, of)).toEqual(before);
      await eventually(() =>
        expect(
          heard.filter(({ tenant }) => tenant === agent.tenant).flatMap(({ subject, changes }) => changes.map((c) => [subject, c])),
        ).toEqual([
          [`events.${kind}.changed.v1.people`, { id, version, change: 'created' }],
          [`events.${kind}.changed.v1.people`, { id, version: version + 1, change: 'updated', fields: ['photo'] }],
          [`events.${kind}.changed.v1.people`, { id, version: version + 2, change: 'updated', fields: ['photo'] }],
        ]),
      );
    },
  );

  it('that changes nothing does not increase the version', async () => {
    const { agent, of } = await aPictured();
    await world.ask(agent, k.deletePhoto, of);
    expect((await read(agent, 'contact', of.id)).version).toBe(1);
    const image = await blank(20, 20).png().toBuffer();
    const first = await put(agent, of, image);
    expect(await put(agent, of, image)).toEqual(first);
    expect((await read(agent, 'contact', of.id)).version).toBe(2);
  });

  it('leaves everything else of its contact unchanged', async () => {
    const agent = anAgent();
    const given = aContact({
      phones: [{ number: '030 1234' }],
      tags: ['vip'],
      birthday: '1990-02-28',
      externalIds: [{ source: 'crm', id: '1' }],
    });
    const before = await world.ask(agent, k.createContact, given);
    await put(agent, { kind: 'contact', id: before.id }, await blank(20, 20).png().toBuffer());
    const after = await world.ask(agent, k.getContact, { id: before.id });
    expect(after).toEqual({ ...before, duplicates: undefined, version: 2, updatedAt: after.updatedAt });
    expect((await world.ask(agent, k.listContacts, { email: before.emails[0]?.address, tag: 'vip' })).items).toHaveLength(1);
  });

  it('set by eight concurrent calls is one of theirs, and each has its own version', async () => {
    const { agent, of } = await aPictured();
    const images = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        blank(20 + i, 20)
          .png()
          .toBuffer(),
      ),
    );
    const all = await Promise.all(images.map((image) => put(agent, of, image)));
    expect(all.map(({ version }) => version).sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect((await shown(agent, of)).etag).toBe(all.find(({ version }) => version === 9)?.etag);
  });

  it('is changed only if the ETag matches', async () => {
    const { agent, of } = await aPictured();
    const { etag } = await shown(agent, of);
    const first = await put(agent, of, await blank(20, 20).png().toBuffer(), { etag });
    const error = await refusal(put(agent, of, await blank(30, 20).png().toBuffer(), { etag }));
    expect(error).toMatchObject({ code: 'stale', details: { etag: first.etag } });
    expect(await refusal(world.ask(agent, k.deletePhoto, { ...of, etag }))).toMatchObject({ code: 'stale' });
    await world.ask(agent, k.deletePhoto, { ...of, etag: first.etag });
  });

  it.each(kinds)('of a %s of another tenant, or in the bin, does not exist', async (kind) => {
    const agent = anAgent();
    const { id } = await make(agent, kind);
    const of = { kind, id };
    const image = await blank(20, 20).png().toBuffer();
    await put(agent, of, image);
    const none = async (who: Context) => {
      for (const call of [
        () => world.ask(who, k.getPhoto, of),
        () => put(who, of, image),
        () => world.ask(who, k.deletePhoto, of),
        () => world.ask(who, k.suggestPhotos, of),
        () => world.ask(who, k.choosePhoto, { ...of, url: `${at}/never.png` }),
      ])
        expect(await refusal(call())).toMatchObject({ code: 'not-found' });
    };
    await none(anAgent());
    // Nor does it exist under the other kind.
    expect(await refusal(shown(agent, { kind: kind === 'contact' ? 'customer' : 'contact', id }))).toMatchObject({ code: 'not-found' });
    await world.ask(agent, kind === 'contact' ? k.deleteContact : k.deleteCustomer, { id });
    await none(agent);
    expect(asked).not.toContain('/never.png');
  });

  it('cannot be changed by light agents', async () => {
    const { agent, of } = await aPictured();
    const light = again(agent, { roles: ['light_agent'] });
    expect((await shown(light, of)).mediaType).toBe('image/svg+xml');
    expect(await refusal(put(light, of, Buffer.from('x')))).toMatchObject({ code: 'forbidden' });
    expect(await refusal(world.ask(light, k.choosePhoto, { ...of, url: `${at}/x` }))).toMatchObject({ code: 'forbidden' });
    expect(await refusal(world.ask(light, k.deletePhoto, of))).toMatchObject({ code: 'forbidden' });
  });

  it('is deleted when its contact is erased, and no other is', async () => {
    const { agent, of } = await aPictured();
    const { id } = await make(agent, 'contact');
    const image = await blank(20, 20).png().toBuffer();
    await put(agent, of, image);
    await put(agent, { kind: 'contact', id }, image);
    const db = await Database.connect({ name: 'test', url: world.databases.customer?.url ?? '' });
    await runAs(agent, () => db.transaction((tx) => forgetPhotos(tx, [of.id])));
    await db.close();
    expect((await shown(agent, of)).mediaType).toBe('image/svg+xml');
    expect((await shown(agent, { kind: 'contact', id })).mediaType).toBe('image/png');
  });
});

describe('a picture by its address', () => {
  it('2.9 is fetched and set, whatever media type the host declares', async () => {
    const { agent, of } = await aPictured();
    pages.set('/anna.png', { headers: { 'content-type': 'text/plain' }, body: await blank(500, 500).jpeg().toBuffer() });
    expect(await world.ask(agent, k.choosePhoto, { ...of, url: `${at}/anna.png` })).toMatchObject({
      version: 2,
      mediaType: 'image/jpeg',
      width: 200,
    });
  });

  it.each([
    ['is not there', '/missing', undefined, 'unreadable-file', /responds with status 404/],
    ['moves on', '/moved', { status: 302, headers: { location: '/anna.png' } }, 'unreadable-file', /redirect/],
    ['is a page', '/page', { body: '<html></html>' }, 'unsupported', /PNG, JPEG/],
    ['says that it is larger than 1 MB', '/large', { headers: { 'content-length': '1048577' } }, 'too-large', /1 MB/],
    [
      'turns out to be larger than 1 MB',
      '/larger',
      { headers: { 'transfer-encoding': 'chunked' }, body: Buffer.alloc(1_100_000) },
      'too-large',
      /1 MB/,
    ],
  ] as const)('that %s is refused', async (_, path, page, code, message) => {
    const { agent, of } = await aPictured();
    if (page) pages.set(path, { ...page });
    const error = await refusal(world.ask(agent, k.choosePhoto, { ...of, url: at + path }));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(asked.filter((one) => one === '/anna.png').length).toBeLessThanOrEqual(1);
  });
});

describe('suggestions', () => {
  const links = [
    { url: 'https://social.example/anna?a=1&b=ü', kind: 'social' as const },
    { url: 'https://other.example/anna', kind: 'social' as const },
    { url: 'https://anna.example' },
  ];
  it.each(kinds)('2.9 of a %s are the pictures of its social links, and one of them can be chosen', async (kind) => {
    const agent = anAgent();
    const { id } =
      kind === 'contact'
        ? await world.ask(agent, k.createContact, aContact({ links }))
        : await world.ask(agent, k.createCustomer, aCustomer({ links }));
    pages.set('/suggested.webp', { body: await blank(300, 300).webp().toBuffer() });
    const pictures = [`${at}/suggested.webp`, 'javascript:alert(1)', 'file:///etc/passwd', 'no address'];
    pages.set('/resolve', { body: JSON.stringify({ pictures, more: 1 }) });
    asked.length = 0;
    const { items } = await world.ask(agent, k.suggestPhotos, { kind, id });
    // Both links have the same picture, which is returned once.
    expect(items).toEqual([{ url: `${at}/suggested.webp`, link: expect.stringContaining('.example/anna') }]);
    expect(asked.map((path) => new URL(path, at).searchParams.get('link')).sort()).toEqual([links[1]?.url, links[0]?.url]);
    await world.ask(agent, k.choosePhoto, { kind, id, url: items[0]?.url ?? '' });
    expect((await shown(agent, { kind, id })).mediaType).toBe('image/webp');
  });

  it('are none without a social link', async () => {
    const { agent, of } = await aPictured();
    expect(await world.ask(agent, k.suggestPhotos, of)).toEqual({ items: [], reason: 'no-social-links' });
  });

  it.each([
    ['fails', { status: 500 }],
    ['answers nonsense', { body: 'nonsense' }],
    ['answers something else', { body: '{"images":[]}' }],
    ['answers without end', { body: `{"pictures":["${'x'.repeat(70_000)}"]}` }],
    ['sends elsewhere', { status: 302, headers: { location: '/anna.png' } }],
  ])('are unavailable when the resolver %s', async (_, page) => {
    const agent = anAgent();
    const { id } = await world.ask(agent, k.createContact, aContact({ links }));
    pages.set('/resolve', page);
    expect(await refusal(world.ask(agent, k.suggestPhotos, { kind: 'contact', id }))).toMatchObject({ code: 'unavailable' });
  });
});
