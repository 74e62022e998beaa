import { randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, again, anAgent, startWorld, type World } from '@kontor/testing';
import sharp from 'sharp';
import { service } from '../src/index.js';
import { refusal } from './refusal.js';

const orange = { r: 240, g: 120, b: 10 };
const blank = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: orange } });
const noise = (width: number, height: number) => sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } });

let world: World;
beforeAll(async () => {
  world = await startWorld({ services: [service] });
});
afterAll(() => world.stop());

interface Of {
  kind: 'contact';
  id: string;
}
const put = (agent: Context, of: Of, image: Buffer, more = {}) =>
  world.ask(again(agent), k.setPhoto, { ...of, image: image.toString('base64'), ...more });
const shown = async (agent: Context, of: Of) => {
  const picture = await world.ask(again(agent), k.getPhoto, of);
  return { ...picture, image: Buffer.from(picture.image, 'base64') };
};
/** A contact that the test is about, and who made it. */
async function aPictured() {
  const agent = anAgent();
  const { id } = await world.ask(agent, k.createContact, aContact());
  return { agent, of: { kind: 'contact' as const, id } };
}

describe('an image', () => {
  it.each([
    [1000, 1000, 200, 200],
    [4000, 100, 200, 5],
    [100, 3000, 10, 300],
    [200, 300, 200, 300],
    [199, 20, 199, 20],
    [1, 1, 1, 1],
    [20_000, 1, 200, 1],
  ])('2.9 of %i × %i becomes %i × %i', async (width, height, newWidth, newHeight) => {
    const { agent, of } = await aPictured();
    const set = await put(agent, of, await blank(width, height).png().toBuffer());
    expect([set.width, set.height]).toEqual([newWidth, newHeight]);
    expect(await sharp((await shown(agent, of)).image).metadata()).toMatchObject({ width: newWidth, height: newHeight });
  });

  it.each([
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
    ['webp', 'image/webp'],
    ['gif', 'image/png'],
  ] as const)('2.9 in %s is stored as %s', async (format, mediaType) => {
    const { agent, of } = await aPictured();
    expect(await put(agent, of, await noise(300, 300).toFormat(format).toBuffer())).toMatchObject({ mediaType, width: 200, height: 200 });
    expect((await sharp((await shown(agent, of)).image).metadata()).format).toBe(mediaType.slice(6));
  });

  it.each(['png', 'webp'] as const)('in %s stays see-through where it was', async (format) => {
    const { agent, of } = await aPictured();
    const clear = sharp({ create: { width: 50, height: 50, channels: 4, background: { ...orange, alpha: 0 } } });
    await put(agent, of, await clear.toFormat(format).toBuffer());
    const { channels } = await sharp((await shown(agent, of)).image).stats();
    expect([channels.length, channels[3]?.max]).toEqual([4, 0]);
  });

  it('2.9 is rotated by its orientation tag, and stored without metadata', async () => {
    const { agent, of } = await aPictured();
    const exif = {
      IFD0: { Copyright: 'canary-copyright', Artist: 'canary-artist' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 0/1' },
    };
    const image = await noise(400, 200)
      .jpeg()
      .withExif(exif)
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">canary-xmp</x:xmpmeta>')
      .withMetadata({ orientation: 6 })
      .withIccProfile('p3')
      .toBuffer();
    expect(await sharp(image).metadata()).toMatchObject({ orientation: 6, exif: expect.any(Buffer), icc: expect.any(Buffer) });
    expect(image.toString('latin1')).toContain('canary');
    const set = await put(agent, of, image);
    expect([set.width, set.height]).toEqual([150, 300]);
    const kept = (await shown(agent, of)).image;
    const { exif: noExif, icc, xmp, iptc, orientation } = await sharp(kept).metadata();
    expect([noExif, icc, xmp, iptc, orientation]).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(kept.toString('latin1')).not.toContain('canary');
  });

  it.each(['gif', 'webp'] as const)('of an animated %s is the first frame', async (format) => {
    const { agent, of } = await aPictured();
    const frames = await Promise.all(
      ['#ff0000', '#0000ff'].map((background) =>
        sharp({ create: { width: 60, height: 40, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const image = await sharp(frames, { join: { animated: true } })
      .toFormat(format, { loop: 0 })
      .toBuffer();
    expect((await sharp(image).metadata()).pages).toBe(2);
    expect(await put(agent, of, image)).toMatchObject({ width: 60, height: 40 });
    const kept = (await shown(agent, of)).image;
    expect((await sharp(kept).metadata()).pages ?? 1).toBe(1);
    const { dominant } = await sharp(kept).stats();
    expect(dominant.r).toBeGreaterThan(dominant.b + 100);
  });
});

describe('refused is', () => {
  const pngOf = (width: number, height: number) => {
    const chunk = (type: string, data: Buffer) => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(data.length);
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header[8] = 1; // one bit, grey
    const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height));
    return Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      chunk('IDAT', rows),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  };
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>');
  const png = () => blank(50, 50).png().toBuffer();

  const cases: [string, () => Buffer | Promise<Buffer>, string | undefined, string, RegExp][] = [
    ['nothing', () => Buffer.alloc(0), undefined, 'unsupported', /PNG, JPEG, GIF or WebP/],
    ['an SVG', () => svg, 'image/svg+xml', 'unsupported', /PNG, JPEG, GIF or WebP/],
    ['an SVG that says it is a PNG', () => svg, 'image/png', 'unsupported', /PNG, JPEG, GIF or WebP/],
    ['a HEIC', () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), 'image/heic', 'unsupported', /PNG, JPEG/],
    ['an AVIF that says it is a JPEG', () => blank(50, 50).avif().toBuffer(), 'image/jpeg', 'unsupported', /PNG, JPEG/],
    ['a TIFF', () => blank(50, 50).tiff().toBuffer(), undefined, 'unsupported', /PNG, JPEG/],
    ['a page', () => Buffer.from('<!doctype html><script>alert(1)</script>'), 'image/gif', 'unsupported', /PNG, JPEG/],
    ['a PNG that says it is a JPEG', png, 'image/jpeg', 'unsupported', /image\/jpeg, but by its content it is image\/png/],
    ['more than 1 MB', async () => Buffer.concat([await png(), Buffer.alloc(k.MAX_PHOTO_BYTES)]), undefined, 'too-large', /1 MB/],
    ['a PNG of 30,000 × 30,000', () => pngOf(30_000, 30_000), undefined, 'too-large', /25 megapixels/],
    ['a PNG of 5,001 × 5,000', () => pngOf(5_001, 5_000), undefined, 'too-large', /25 megapixels/],
    ['half a PNG', async () => (await noise(100, 100).png().toBuffer()).subarray(0, 9_000), undefined, 'unreadable-file', /broken/],
    ['half a JPEG', async () => (await noise(300, 300).jpeg().toBuffer()).subarray(0, 20_000), undefined, 'unreadable-file', /broken/],
    ['half a WebP', async () => (await noise(300, 300).webp().toBuffer()).subarray(0, 9_000), undefined, 'unreadable-file', /broken/],
    ['half a GIF', async () => (await noise(300, 300).gif().toBuffer()).subarray(0, 9_000), undefined, 'unreadable-file', /broken/],
    ['a beginning only', () => Buffer.from('GIF89a'), undefined, 'unreadable-file', /broken/],
    [
      'a PNG with nonsense in it',
      async () => Buffer.concat([(await png()).subarray(0, 40), randomBytes(500)]),
      undefined,
      'unreadable-file',
      /broken/,
    ],
  ];
  it.each(cases)('2.9 %s', async (_, image, mediaType, code, message) => {
    const { agent, of } = await aPictured();
    const error = await refusal(put(agent, of, await image(), { mediaType }));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect((await shown(agent, of)).mediaType).toBe('image/svg+xml');
  });

  it('formats that would pass the content sniffing: their decoders are disabled', async () => {
    for (const image of [svg, await blank(50, 50).tiff().toBuffer(), await blank(50, 50).avif().toBuffer()])
      await expect(sharp(image).metadata()).rejects.toThrow('unsupported');
  });

  it('no valid image: 25 megapixels in 1 MB, and a JPEG under its other media type', async () => {
    const { agent, of } = await aPictured();
    expect(await put(agent, of, pngOf(5_000, 5_000))).toMatchObject({ width: 200, height: 200 });
    expect(await put(agent, of, await blank(50, 50).jpeg().toBuffer(), { mediaType: 'image/jpg' })).toMatchObject({
      mediaType: 'image/jpeg',
    });
  });

  it('only what exceeds the limits under concurrency; memory stays bounded', async () => {
    const { agent, of } = await aPictured();
    const image = pngOf(5_000, 5_000);
    const before = process.memoryUsage.rss();
    const all = await Promise.allSettled(Array.from({ length: 30 }, () => put(agent, of, image)));
    const refused = all.flatMap((one) => (one.status === 'rejected' ? one.reason.code : []));
    expect(all.length - refused.length).toBeGreaterThanOrEqual(2);
    expect(new Set(refused).size).toBeLessThanOrEqual(1);
    expect(refused.filter((code) => code !== 'busy')).toEqual([]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 * 1024);
  });
});
