import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

// Asking the system for random bytes costs more than all the rest of an id, so it is done for 256 ids at a time.
const pool = new Uint8Array(4096);
let used = pool.length;
let lastMs = 0;
let sequence = 0;

/** A UUIDv7 greater than every one this process gave before: sorting by id is sorting by creation, also within an import. */
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
    // Begins anywhere in the lower half, so that counting up has room within the millisecond (RFC 9562, 6.2).
    sequence = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  } else sequence++;
  return uuidv7({ random, msecs: lastMs, seq: sequence });
}
