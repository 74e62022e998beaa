import { expect, test } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import type { FoundHit } from '../indexes/both-indexes.js';
import { cutPage, readCursor } from './cursor.js';

test('pages go through all classes, each hit once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 7 }), { maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (sizes, limit) => {
      const classes = sizes.map((size, i) => Array.from({ length: size }, (_, j): FoundHit => ({ id: `${i}.${j}` })));
      const all = classes.flat().map(({ id }) => id);
      const seen: string[] = [];
      for (let text: string | undefined; ; ) {
        const cursor = readCursor(text);
        const offered = classes.slice(cursor.class).map((some, i) => some.slice(i === 0 ? cursor.offset : 0).slice(0, limit));
        const { ids, next } = cutPage(cursor, offered, limit, all.length);
        seen.push(...ids);
        expect(next === null).toBe(seen.length === all.length);
        if (next === null) break;
        text = next;
      }
      expect(seen).toEqual(all);
    }),
  );
});

test('what two classes offer is on the page once, which is not the last because of that', () => {
  const offered = [[{ id: 'a' }, { id: 'b' }], [{ id: 'b' }]];
  const { ids, next } = cutPage(readCursor(undefined), offered, 3, 5);
  expect(ids).toEqual(['a', 'b']);
  expect(readCursor(next ?? undefined)).toEqual({ class: 1, offset: 1, seen: 3 });
});

test.each(['', 'x', '!!!', Buffer.from('1.2').toString('base64url')])('%j is not a cursor', (cursor) =>
  expect(() => readCursor(cursor)).toThrow('cursor'),
);
