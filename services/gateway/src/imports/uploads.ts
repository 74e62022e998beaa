import { randomUUID } from 'node:crypto';
import { ReadableStream } from 'node:stream/web';
import type { MultipartFile } from '@fastify/multipart';
import { AppError, type Bus, describeError } from '@kontor/bus';
import { IMPORT_BUCKET } from '@kontor/contracts';
import { type ObjectStore, Objm } from '@nats-io/obj';
import { Logger } from '@nestjs/common';

/** Uploaded files, kept in the object store until their import ends. */
export class Uploads {
  private static readonly log = new Logger(Uploads.name);

  constructor(
    private readonly bus: Bus,
    private readonly maxMB: number,
  ) {}

  /** Passes the file on piece by piece, never whole; a file that is too large or breaks off leaves nothing behind. */
  async store(part: MultipartFile): Promise<{ file: string; fileName: string }> {
    const file = randomUUID();
    try {
      const bucket = await this.bucket();
      await bucket.put({ name: file }, ReadableStream.from(this.counted(part)) as globalThis.ReadableStream<Uint8Array>);
    } catch (error) {
      if (error instanceof AppError) throw error;
      Uploads.log.error({ event: 'upload-not-stored', ...describeError(error) });
      throw new AppError('unavailable', 'The store for uploaded files cannot take the file at the moment', { retryAfter: 30 });
    }
    return { file, fileName: nameOf(part) };
  }

  /** Removes a file that no import needs; if that fails too, the store forgets it after its age limit. */
  async forget(file: string): Promise<void> {
    try {
      await (await this.bucket()).delete(file);
    } catch (error) {
      Uploads.log.warn({ event: 'upload-not-removed', file, ...describeError(error) });
    }
  }

  private bucket(): Promise<ObjectStore> {
    return new Objm(this.bus.connection).open(IMPORT_BUCKET);
  }

  private async *counted(part: MultipartFile): AsyncGenerator<Uint8Array> {
    let left = this.maxMB * 1024 * 1024;
    const pieces = (part.file as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    for (;;) {
      const piece = await pieces.next().catch(() => {
        throw new AppError('invalid', 'The upload broke off before the file was complete');
      });
      if (piece.done) return;
      left -= piece.value.length;
      if (left < 0) throw new AppError('too-large', `The file is larger than ${this.maxMB} MB, the most that is taken here`);
      yield piece.value;
    }
  }
}

/** Only for people to read; cleaned of what a database cannot keep. */
const nameOf = ({ filename }: MultipartFile) => (filename || 'file').toWellFormed().replaceAll('\u0000', '').slice(-255);
