import { AppError, Limit } from '@kontor/bus';
import { MAX_PHOTO_BYTES, type PhotoType } from '@kontor/contracts';
import sharp from 'sharp';
import { sniff } from './sniff.js';

/** A picture ready to be stored. */
export interface Picture {
  image: Buffer;
  mediaType: PhotoType;
  width: number;
  height: number;
}

const WIDTH = 200;
const HEIGHT = 300;
const MAX_PIXELS = 25_000_000;
const SECONDS = 8;

// Only the required decoders are enabled: the others (SVG, HEIF, TIFF, PDF) have had most of the vulnerabilities.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadNsgifBuffer', 'VipsForeignLoadWebpBuffer'],
});
// A decoded image takes up to 100 MB, so two are processed at a time, each on one core, and nothing is cached.
sharp.concurrency(1);
sharp.cache(false);
const limit = new Limit(2);

/**
 * Scales an image down to fit 200 × 300 (never up, keeping the aspect ratio), rotated according to its orientation tag, first frame only, and
 * re-encodes it without metadata. Fails with `too-large` above 1 MB or 25 megapixels, `unsupported` for formats other than PNG, JPEG, GIF and WebP or
 * if the content does not match `declaredType`, and `unreadable-file` if it is broken.
 */
export async function makePicture(bytes: Buffer, declaredType?: string): Promise<Picture> {
  if (bytes.length > MAX_PHOTO_BYTES) throw new AppError('too-large', 'The image is larger than 1 MB, which is the limit');
  const type = sniff(bytes);
  if (!type) throw new AppError('unsupported', 'By its content this is not a PNG, JPEG, GIF or WebP image; only these are accepted');
  if (declaredType && declaredType.replace(/^image\/jpg$/, 'image/jpeg') !== type)
    throw new AppError(
      'unsupported',
      `This is declared as ${declaredType}, but by its content it is ${type}; PNG, JPEG, GIF and WebP are accepted`,
    );
  return limit.run(() => scaleDown(bytes, type));
}

async function scaleDown(bytes: Buffer, type: PhotoType): Promise<Picture> {
  const mediaType = type === 'image/gif' ? 'image/png' : type;
  const scaled = sharp(bytes, { limitInputPixels: MAX_PIXELS, pages: 1, failOn: 'error' })
    .timeout({ seconds: SECONDS })
    .autoOrient()
    .resize(WIDTH, HEIGHT, { fit: 'inside', withoutEnlargement: true });
  const encoded = {
    'image/png': () => scaled.png({ compressionLevel: 9 }),
    'image/jpeg': () => scaled.jpeg({ quality: 85 }),
    'image/webp': () => scaled.webp({ quality: 85 }),
  }[mediaType]();
  try {
    const { data, info } = await encoded.toBuffer({ resolveWithObject: true });
    return { image: data, mediaType, width: info.width, height: info.height };
  } catch (error) {
    if (/pixel limit/.test(String(error))) throw new AppError('too-large', 'The image has more than 25 megapixels, which is the limit');
    throw new AppError('unreadable-file', 'The image is broken or not complete, so it cannot be read');
  }
}
