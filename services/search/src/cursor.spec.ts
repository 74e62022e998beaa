import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutPage, type FoundHit, readCursor } from './cursor.js';

test('pages go through all classes, each hit once, from whichever index', () => {
  const hits = fc.array(fc.boolean(), { maxLength: 7 });
  fc.assert(
    fc.property(fc.array(hits, { maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (sizes, limit) => {
      const classes = sizes.map((some, i) => some.map((fresh, j): FoundHit => ({ id: `${i}.${j}`, fresh })));
      const all = classes.flat().map(({ id }) => id);
      const seen: string[] = [];
      for (let text: string | undefined; ; ) {
        const cursor = readCursor(text);
        // Each index goes on where it was: what comes is what was not taken from it, in the same order.
        const after = (some: readonly FoundHit[], fresh: boolean, skip: number) =>
          new Set(
            some
              .filter((hit) => hit.fresh === fresh)
              .slice(skip)
              .map(({ id }) => id),
          );
        const offered = classes.slice(cursor.class).map((some, i) => {
          const left = [after(some, true, i === 0 ? cursor.fresh : 0), after(some, false, i === 0 ? cursor.settled : 0)];
          return some.filter(({ id }) => left.some((ids) => ids.has(id))).slice(0, limit);
        });
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

test.each(['', 'x', '!!!', Buffer.from('1.2.3').toString('base64url')])('%j is no cursor', (cursor) =>
  expect(() => readCursor(cursor)).toThrow('cursor'),
);
