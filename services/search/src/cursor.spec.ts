import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planPage, readCursor, writeCursor } from './cursor.js';

test('pages go through all classes, each hit once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(7), { maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (totals, limit) => {
      const seen: string[] = [];
      for (let text: string | undefined, pages = 0; pages < 50; pages++) {
        const cursor = readCursor(text);
        const page = totals.flatMap((total, i) => {
          const { offset, limit: most } = planPage(cursor, i, limit);
          return Array.from({ length: Math.max(0, Math.min(most, total - offset)) }, (_, j) => `${i}.${offset + j}`);
        });
        seen.push(...page.slice(0, limit));
        const next = writeCursor(cursor, totals, limit);
        if (next === null) break;
        text = next;
      }
      expect(seen).toEqual(totals.flatMap((total, i) => Array.from({ length: total }, (_, j) => `${i}.${j}`)));
    }),
  );
});

test.each(['', 'x', '!!!', Buffer.from('1.2.3').toString('base64url')])('%j is no cursor', (cursor) =>
  expect(() => readCursor(cursor)).toThrow('cursor'),
);
