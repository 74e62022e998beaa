import { describe, expect, it } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import { chunks, toCsv } from '../../test/files.js';
import { rowMapper } from '../map/map-row.js';
import { readCsv } from '../read/read-csv.js';
import { BATCH_BYTES, type Batch, batches, type Position } from './batches.js';

const map = rowMapper({ fields: ['email', 'notes'] });
const fileOf = (notes: readonly number[]) =>
  toCsv([['email', 'notes'], ...notes.map((length, i) => [`a${i}@x.example`, 'ä'.repeat(length)])]);

async function cut(file: string, from?: Position, size?: number): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches((await readCsv(chunks(file, size))).rows, map, from)) found.push(batch);
  return found;
}
const shape = (found: Batch[]) => found.map((batch) => [batch.number, batch.rows[0]!.source.number, batch.rows.at(-1)!.source.number]);

describe('batches', () => {
  it('are of 1,000 rows, the last of the rest', async () => {
    expect(shape(await cut(fileOf(Array.from({ length: 2_500 }, () => 1))))).toEqual([
      [0, 1, 1000],
      [1, 1001, 2000],
      [2, 2001, 2500],
    ]);
    expect(shape(await cut(fileOf(Array.from({ length: 1_000 }, () => 1))))).toEqual([[0, 1, 1000]]);
  });

  it('are smaller where they would be over 2 MB', async () => {
    const found = await cut(fileOf(Array.from({ length: 80 }, () => 30_000)));
    expect(found.length).toBeGreaterThan(2);
    for (const { rows } of found)
      expect(Buffer.byteLength(JSON.stringify(rows.map((row) => row.contact)))).toBeLessThanOrEqual(BATCH_BYTES);
  });

  it('depend on the file alone, not on how it arrives, and go on at a position as if never interrupted', async () => {
    const notes = fc.array(fc.constantFrom(0, 10, 20_000, 30_000), { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(notes, fc.integer({ min: 1_000, max: 100_000 }), fc.nat(), async (lengths, size, pick) => {
        const file = fileOf(lengths);
        const all = await cut(file);
        expect(all.flatMap((batch) => batch.rows.map((row) => row.source.number))).toEqual(lengths.map((_, i) => i + 1));
        const at = pick % (all.length + 1);
        const before = all[at - 1];
        const rest = await cut(file, before && { number: at, row: before.rows.at(-1)!.source.number }, size);
        expect(rest).toEqual(all.slice(before ? at : 0));
      }),
      { numRuns: 25 },
    );
  });
});
