import { AppError, invalid } from '@kontor/bus';
import { MAX_PHOTO_BYTES } from '@kontor/contracts';
import type { FastifyRequest } from 'fastify';

/** The image in the part "file" of a form; at most 1 MB of it is ever held. */
export async function imageInForm(request: FastifyRequest): Promise<Buffer> {
  try {
    let image: Buffer | undefined;
    for await (const part of request.parts({ limits: { fileSize: MAX_PHOTO_BYTES } })) {
      if (part.fieldname !== 'file')
        throw invalid([{ path: part.fieldname, message: 'is not the part for the image, which is called "file"', code: 'unknown-field' }]);
      if (part.type !== 'file') throw invalid([{ path: 'file', message: 'has no file name, so it is a text', code: 'invalid-type' }]);
      image = await part.toBuffer();
      if (part.file.truncated) throw new AppError('too-large', 'The image is larger than 1 MB, the most that is taken');
    }
    if (!image)
      throw invalid([{ path: 'file', message: 'is missing: send the image in a part of this name, with a file name', code: 'missing' }]);
    return image;
  } catch (error) {
    // What the client still sends is read and dropped, so that it gets to read this answer.
    request.raw.unpipe().resume();
    if (error instanceof AppError || (error as { code?: string }).code?.startsWith('FST_')) throw error;
    throw new AppError('invalid', `The form cannot be read: ${(error as Error).message}`);
  }
}
