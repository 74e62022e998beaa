import { z } from 'zod';
import { request } from './contract.js';
import { empty, id, text } from './shapes.js';

/** Accepted photos and logos, before scaling: PNG, JPEG, GIF or WebP of at most 1 MB (docs/rules.md 2.9). */
export const photoTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
export type PhotoType = (typeof photoTypes)[number];
export const MAX_PHOTO_BYTES = 1024 * 1024;

/** Whose picture: the photo of a contact or the logo of a customer. */
const of = { kind: z.enum(['contact', 'customer']), id };
const etag = text(100).optional().describe('the ETag of the picture to replace; fails with `stale` if it has changed');
const base64 = (max: number) => z.string().max(max).meta({ contentEncoding: 'base64' });

export const PhotoUrl = z
  .strictObject({
    url: text(2048)
      .trim()
      .refine((value) => URL.canParse(value), 'must be a URL like https://pictures.example/anna.jpg')
      .describe('the https address of a picture: a suggested one or any other'),
  })
  .meta({ id: 'PhotoUrl' });

/** A stored picture, scaled and re-encoded, with the resulting version of its contact or customer. */
export const Photo = z
  .object({
    id: z.string(),
    version: z.int().describe('of the contact or customer'),
    etag: z.string(),
    mediaType: z.enum(photoTypes),
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
  })
  .meta({ id: 'Photo' });
export type Photo = z.output<typeof Photo>;

export const PhotoSuggestions = z
  .object({
    items: z.array(z.object({ url: z.string(), link: z.string().describe('the social link whose picture it is') })),
    reason: z.enum(['no-social-links', 'no-resolver']).optional().describe('why there are none; `no-resolver`: none is configured'),
  })
  .meta({ id: 'PhotoSuggestions' });
export type PhotoSuggestions = z.output<typeof PhotoSuggestions>;

/** The picture, or the default one: an SVG with the initials. */
export const getPhoto = request(
  'customer.get-photo',
  z.strictObject(of),
  z.object({ etag: z.string(), mediaType: z.enum([...photoTypes, 'image/svg+xml']), image: base64(4 * MAX_PHOTO_BYTES) }),
  { summary: 'Returns the photo of a contact or the logo of a customer' },
);
/**
 * Fails with `too-large` above 1 MB or 25 megapixels, `unsupported` for other formats whatever the declared type, `unreadable-file` for a broken one.
 */
export const setPhoto = request(
  'customer.set-photo',
  // Accepts more than 1 MB, so that the error is about the size.
  z.strictObject({ ...of, etag, image: base64(4 * MAX_PHOTO_BYTES), mediaType: text(255).optional().describe('the declared media type') }),
  Photo,
  { summary: 'Sets the photo of a contact or the logo of a customer', audience: 'agents', timeoutMs: 15_000 },
);
export const choosePhoto = request('customer.choose-photo', z.strictObject({ ...of, etag, ...PhotoUrl.shape }), Photo, {
  summary: 'Fetches a picture and sets it as the photo of a contact or the logo of a customer',
  audience: 'agents',
  timeoutMs: 20_000,
});
export const deletePhoto = request('customer.delete-photo', z.strictObject({ ...of, etag }), empty, {
  summary: 'Deletes the photo of a contact or the logo of a customer, which brings the default picture back',
  audience: 'agents',
});
export const suggestPhotos = request('customer.suggest-photos', z.strictObject(of), PhotoSuggestions, {
  summary: 'Offers the pictures of the social links of a contact or customer',
  timeoutMs: 10_000,
});
