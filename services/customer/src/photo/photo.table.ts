import { createHash } from 'node:crypto';
import type { PhotoType } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import type { Picture } from './make-picture.js';

/** A picture as it is stored. */
export interface PhotoRow extends Picture {
  etag: string;
  mediaType: PhotoType;
}

export const etagOf = (image: Buffer): string => createHash('sha256').update(image).digest('base64url');

export async function readPhoto(tx: EntityManager, entryId: string): Promise<PhotoRow | undefined> {
  const [photo]: PhotoRow[] = await tx.query(
    'select image, media_type as "mediaType", width, height, etag from photo where entry_id = $1',
    [entryId],
  );
  return photo;
}

export async function writePhoto(tx: EntityManager, entry: { kind: string; id: string }, photo: PhotoRow): Promise<void> {
  await tx.query(
    `insert into photo (entry_id, kind, image, media_type, width, height, etag) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, entry_id) do update set image = excluded.image, media_type = excluded.media_type,
       width = excluded.width, height = excluded.height, etag = excluded.etag, updated_at = now()`,
    [entry.id, entry.kind, photo.image, photo.mediaType, photo.width, photo.height, photo.etag],
  );
}

/** Deletes the pictures of these entries when they are purged or erased. Entries in the bin keep theirs. */
export async function forgetPhotos(tx: EntityManager, entryIds: readonly string[]): Promise<void> {
  await tx.query('delete from photo where entry_id = any($1)', [entryIds]);
}

/** Gives a merged entry without a picture that of the first of the others that has one; they keep theirs. */
export async function inheritPhoto(tx: EntityManager, into: string, from: readonly string[]): Promise<void> {
  await tx.query(
    `insert into photo (entry_id, kind, image, media_type, width, height, etag)
     select $1, kind, image, media_type, width, height, etag from photo where entry_id = any($2) order by array_position($2::uuid[], entry_id) limit 1
     on conflict do nothing`,
    [into, from],
  );
}

/** Deletes the picture that a merge has copied, unless another one was chosen since. */
export async function revertInheritedPhoto(tx: EntityManager, mergeId: string): Promise<void> {
  // Both times are the transaction time of the merge.
  await tx.query('delete from photo p using merge m where m.id = $1 and p.entry_id = m.into_id and p.updated_at = m.at', [mergeId]);
}
