import { AppError, describeError } from '@kontor/bus';
import type { choosePhoto, deletePhoto, InputOf, Photo, PhotoSuggestions, setPhoto } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ENV, type Env } from '../env.js';
import { defaultPicture } from './default-picture.js';
import { fetchPicture } from './fetch-picture.js';
import { makePicture, type Picture } from './make-picture.js';
import { etagOf, forgetPhotos, type PhotoRow, readPhoto, writePhoto } from './photo.table.js';
import { fetchPictureUrls } from './photo-resolver.client.js';
import { type PhotoOwner, type PhotoSubject, readPhotoSubject } from './photo-subject.js';

const MAX_LINKS = 5;

@Injectable()
export class PhotoService {
  private readonly log = new Logger('Photos');

  constructor(
    private readonly db: Database,
    @Inject(ENV) private readonly env: Env,
  ) {}

  get(of: PhotoOwner) {
    return this.db.transaction(async (tx) => {
      const entry = await readPhotoSubject(tx, of);
      const { etag, mediaType, image } = (await readPhoto(tx, entry.id)) ?? defaultPicture(entry);
      return { etag, mediaType, image: image.toString('base64') };
    });
  }

  async set({ image, mediaType, ...of }: InputOf<typeof setPhoto>): Promise<Photo> {
    await this.refuseUnwritable(of);
    return this.keep(of, await makePicture(Buffer.from(image, 'base64'), mediaType));
  }

  /** The content determines the type here: the media types declared by other hosts are wrong too often. */
  async choose({ url, ...of }: InputOf<typeof choosePhoto>): Promise<Photo> {
    await this.refuseUnwritable(of);
    const bytes = await fetchPicture(url, { allowPrivate: this.env.KONTOR_ALLOW_PRIVATE_ADDRESSES });
    return this.keep(of, await makePicture(bytes));
  }

  async delete(of: InputOf<typeof deletePhoto>): Promise<Record<string, never>> {
    await this.db.transaction(async (tx) => {
      const entry = await readPhotoSubject(tx, of, 'lock');
      const present = await currentPhoto(tx, entry, of.etag);
      if (!present) return;
      await forgetPhotos(tx, [entry.id]);
      await entry.changed(present.etag, null);
    });
    return {};
  }

  async suggest(of: PhotoOwner): Promise<PhotoSuggestions> {
    const { links } = await this.db.transaction((tx) => readPhotoSubject(tx, of));
    const social = links.filter(({ kind }) => kind === 'social').slice(0, MAX_LINKS);
    const { KONTOR_PHOTO_RESOLVER_URL: resolver } = this.env;
    if (!resolver || social.length === 0) return { items: [], reason: resolver ? 'no-social-links' : 'no-resolver' };
    const answers = await Promise.allSettled(
      social.map(async ({ url: link }) => (await fetchPictureUrls(resolver, link)).map((url) => ({ url, link }))),
    );
    for (const answer of answers)
      if (answer.status === 'rejected') this.log.warn({ event: 'photo-resolver-failed', ...describeError(answer.reason) });
    if (answers.every(({ status }) => status === 'rejected'))
      throw new AppError('unavailable', 'The picture resolver is unavailable at the moment', { retryAfter: 30 });
    const items = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    return { items: [...new Map(items.map((item) => [item.url, item])).values()] };
  }

  /** Checks the permission before any work and any outgoing call, so that a caller without it learns nothing and causes nothing. */
  private async refuseUnwritable(of: PhotoOwner): Promise<void> {
    await this.db.transaction((tx) => readPhotoSubject(tx, of, 'lock'));
  }

  private keep(of: PhotoOwner & { etag?: string }, picture: Picture): Promise<Photo> {
    const photo = { ...picture, etag: etagOf(picture.image) };
    return this.db.transaction(async (tx) => {
      const entry = await readPhotoSubject(tx, of, 'lock');
      const present = await currentPhoto(tx, entry, of.etag);
      if (present?.etag === photo.etag) return photoView(entry.id, entry.version, present);
      await writePhoto(tx, entry, photo);
      return photoView(entry.id, await entry.changed(present?.etag ?? null, photo.etag), photo);
    });
  }
}

/** The photo of a locked entry; refuses a change based on another picture than the present one, including the default picture. */
async function currentPhoto(tx: EntityManager, entry: PhotoSubject, expected: string | undefined): Promise<PhotoRow | undefined> {
  const photo = await readPhoto(tx, entry.id);
  const { etag } = photo ?? defaultPicture(entry);
  if (expected !== undefined && expected !== etag)
    throw new AppError('stale', 'The picture was changed meanwhile; look at it again and repeat the change', { etag });
  return photo;
}

const photoView = (id: string, version: number, { etag, mediaType, width, height, image }: PhotoRow): Photo => ({
  ...{ id, version, etag, mediaType, width, height },
  bytes: image.length,
});
