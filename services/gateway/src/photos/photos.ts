import { fieldErrors, invalid } from '@kontor/bus';
import {
  byId,
  choosePhoto,
  deletePhoto,
  getPhoto,
  MAX_PHOTO_BYTES,
  Photo,
  PhotoSuggestions,
  PhotoUrl,
  photoTypes,
  setPhoto,
  suggestPhotos,
} from '@kontor/contracts';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { etagOf, isKnown, tagOf } from '../http/preconditions.js';
import { type Call, type RouteInController, route } from '../http/route.js';
import { imageInForm } from './image-in-form.js';

const bytes = z.any().meta({ type: 'string', format: 'binary' });

/** The picture of a contact or customer: its routes in the table of that noun. */
export function photoRoutes(kind: 'contact' | 'customer'): RouteInController[] {
  const noun = kind === 'contact' ? 'ContactPhoto' : 'CustomerPhoto';
  const what = kind === 'contact' ? 'the photo of a contact' : 'the logo of a customer';
  return [
    route('GET', ':id/photo', {
      name: `get${noun}`,
      summary: `Gives ${what}; without one the default picture, an SVG with the initials`,
      input: byId,
      produces: [...photoTypes, 'image/svg+xml'],
      tagged: true,
      answer: async (call) => sendPicture(call, await call.bus.request(getPhoto, { kind, ...call.input }, call.context)),
    }),
    route('PUT', ':id/photo', {
      name: `set${noun}`,
      summary: `Sets ${what}: an image of at most 1 MB, as it is or in a form, or by the address of one; larger ones are scaled into 200 × 300`,
      audience: setPhoto.audience,
      input: byId,
      takes: {
        ...Object.fromEntries(photoTypes.map((type) => [type, bytes])),
        'multipart/form-data': z.object({ file: bytes }),
        'application/json': PhotoUrl,
      },
      maxBody: MAX_PHOTO_BYTES,
      tagged: true,
      output: Photo,
      answer: (call) => setFrom(kind, call),
    }),
    route('DELETE', ':id/photo', {
      name: `delete${noun}`,
      summary: `Deletes ${what}, which brings the default picture back`,
      audience: deletePhoto.audience,
      input: byId,
      tagged: true,
      status: 204,
      answer: ({ bus, context, input, request }) => bus.request(deletePhoto, { kind, ...input, etag: tagIn(request) }, context),
    }),
    route('GET', ':id/photo/suggestions', {
      name: `suggest${noun}s`,
      summary: `Offers pictures of the social links; to choose one, PUT its address as ${what}`,
      input: byId,
      output: PhotoSuggestions,
      answer: ({ bus, context, input }) => bus.request(suggestPhotos, { kind, ...input }, context),
    }),
  ];
}

type ById = z.input<typeof byId>;
const tagIn = (request: FastifyRequest) => tagOf(request.headers['if-match']);

async function setFrom(kind: 'contact' | 'customer', { bus, context, input, request }: Call<ById>): Promise<Photo> {
  const of = { kind, ...input, etag: tagIn(request) };
  if (request.isMultipart()) {
    const image = await imageInForm(request);
    return bus.request(setPhoto, { ...of, image: image.toString('base64') }, context);
  }
  const { body } = request;
  if (body === undefined || (Buffer.isBuffer(body) && body.length === 0))
    throw invalid([{ path: '', message: 'has no body: send an image, or a JSON object with its url', code: 'missing-body' }]);
  if (Buffer.isBuffer(body)) {
    const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    return bus.request(setPhoto, { ...of, image: body.toString('base64'), mediaType }, context);
  }
  const parsed = PhotoUrl.safeParse(body);
  if (!parsed.success) throw invalid(fieldErrors(parsed.error.issues));
  return bus.request(choosePhoto, { ...of, ...parsed.data }, context);
}

interface Picture {
  etag: string;
  mediaType: string;
  image: string;
}

/** A browser shows it and runs nothing in it; for a minute it does not ask again, but never for another token. */
function sendPicture({ request, reply }: Call, { etag, mediaType, image }: Picture) {
  const vary = [reply.getHeader('vary') ?? [], 'Authorization'].flat().join(', ');
  reply.headers({
    etag: etagOf(etag),
    vary,
    'cache-control': 'private, max-age=60, must-revalidate',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send();
  return reply.type(mediaType).send(Buffer.from(image, 'base64'));
}
