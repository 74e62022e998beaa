import { createHash } from 'node:crypto';
import { AppError, Bus } from '@kontor/bus';
import { IMPORT_BUCKET } from '@kontor/contracts';
import { jetstreamManager } from '@nats-io/jetstream';
import { type ObjectStore, Objm } from '@nats-io/obj';
import { Injectable } from '@nestjs/common';

const STREAM = `OBJ_${IMPORT_BUCKET}`;

/** The uploaded files, in the object store that the gateway writes them to. */
@Injectable()
export class FileStore {
  constructor(private readonly bus: Bus) {}

  /**
   * The file's bytes, one stored chunk at a time and the next only when it is asked for: the store's own stream does not wait for its
   * reader and would bring the whole file into memory.
   * Fails with `not-found` when the file is gone or not whole, and with `unavailable` when the store cannot be reached.
   */
  async *read(file: string): AsyncGenerator<Uint8Array> {
    const info = await available((await this.bucket()).info(file));
    if (!info || info.deleted) throw gone();
    const { direct } = await available(jetstreamManager(this.bus.connection, { checkAPI: false }));
    const digest = createHash('sha256');
    // The first message from `seq` on that has this subject: that of the file's chunks.
    const next = { seq: 1, next_by_subj: `$O.${IMPORT_BUCKET}.C.${info.nuid}` };
    for (let left = info.size; left > 0; ) {
      const chunk = await available(direct.getMessage(STREAM, next));
      if (!chunk) throw gone();
      // Decoded again at each access.
      const { data } = chunk;
      next.seq = chunk.seq + 1;
      left -= data.length;
      digest.update(data);
      yield data;
    }
    // Written as SHA-256=<base64url>, with or without padding.
    if (info.digest.replace(/=+$/, '') !== `SHA-256=${digest.digest('base64url')}`) throw gone();
  }

  /** Deletes the file; one that is not there any more is as good as deleted. */
  async delete(file: string): Promise<void> {
    await available((await this.bucket()).delete(file));
  }

  /** The names of the files that are there. */
  async names(): Promise<string[]> {
    const infos = await available((await this.bucket()).list());
    return infos.flatMap(({ name, deleted }) => (deleted ? [] : [name]));
  }

  /** Fails when the store is missing. */
  async ping(): Promise<void> {
    await available(new Objm(this.bus.connection).open(IMPORT_BUCKET));
  }

  private bucket(): Promise<ObjectStore> {
    return available(new Objm(this.bus.connection).open(IMPORT_BUCKET, false));
  }
}

const gone = () =>
  new AppError('not-found', 'The uploaded file is not there any more, or not all of it (it is kept for 7 days); upload it again');

const available = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw new AppError('unavailable', `The store of uploaded files cannot be reached: ${error instanceof Error ? error.message : error}`, {
      retryAfter: 2,
    });
  });
