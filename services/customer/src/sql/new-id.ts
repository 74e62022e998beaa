import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

// Random bytes are requested for 256 ids at a time, because the system call costs more than the rest of an id.
const pool = new Uint8Array(4096);
let used = pool.length;
let lastMs = 0;
let sequence = 0;

/** Returns a UUIDv7 greater than all previous ones of this process, so that sorting by id is sorting by creation, even within an import. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + 16);
  used += 16;
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    // Starts in the lower half, so that it can be incremented within the millisecond (RFC 9562, 6.2).
    sequence = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  } else sequence++;
  return uuidv7({ random, msecs: lastMs, seq: sequence });
}
