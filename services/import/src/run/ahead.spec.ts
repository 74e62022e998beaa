import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ahead } from './ahead.js';

function counting(failsAt?: number) {
  const seen = { begun: 0, ended: false };
  async function* source() {
    try {
      for (let i = 0; i < 5; i++) {
        seen.begun++;
        if (i === failsAt) throw new Error('broken');
        yield i;
      }
    } finally {
      seen.ended = true;
    }
  }
  return { source: source(), seen };
}

describe('ahead', () => {
  it('gives the same, and is one further than its reader', async () => {
    const { source, seen } = counting();
    const got: number[] = [];
    for await (const i of ahead(source)) {
      await turn();
      expect(seen.begun).toBe(Math.min(i + 2, 5));
      got.push(i);
    }
    expect(got).toEqual([0, 1, 2, 3, 4]);
  });

  it('fails in its turn: what came before is given', async () => {
    const got: number[] = [];
    const read = async () => {
      for await (const i of ahead(counting(2).source)) {
        await turn();
        got.push(i);
      }
    };
    await expect(read()).rejects.toThrow('broken');
    expect(got).toEqual([0, 1]);
  });

  it('ends its source when its reader stops', async () => {
    const { source, seen } = counting();
    for await (const _ of ahead(source)) break;
    expect(seen.ended).toBe(true);
  });
});
