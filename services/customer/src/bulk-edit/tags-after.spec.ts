import { describe, expect, it } from '@jest/globals';
import { tagsAfter } from './tags-after.js';

describe('tags of a bulk edit', () => {
  it('are appended and removed, without duplicates', () => {
    expect(tagsAfter(['a', 'b'], ['c', 'a'], ['b', 'x'])).toEqual(['a', 'c']);
    expect(tagsAfter(['a', 'b'], undefined, ['a'])).toEqual(['b']);
    expect(tagsAfter(['a'], ['a'])).toEqual(['a']);
    expect(tagsAfter([], ['a'], ['a'])).toEqual(['a']);
  });

  it('are at most 200', () => {
    const many = Array.from({ length: 200 }, (_, i) => `t${i}`);
    expect(tagsAfter(many, ['t0'])).toHaveLength(200);
    expect(() => tagsAfter(many, ['new'])).toThrow(/201 tags/);
  });
});
