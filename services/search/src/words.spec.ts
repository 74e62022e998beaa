import { describe, expect, test } from '@jest/globals';
import { fold, phraseWords, splitHanName, wordSpellings, wordsOf } from './words.js';

const found = (text: string) => wordsOf(text).map(({ short, long }) => [short, ...long].join('='));

describe('words', () => {
  test.each([
    ['Anna Müller', ['anna', 'muller=mueller']],
    ['Mueller', ['mueller']],
    ['Mu\u0308ller', ['muller=mueller']],
    ['GROẞ', ['gros=gross']],
    ['Größe', ['grose=grosse=groesse']],
    ['Núñez', ['nunez']],
    ['Sørensen', ['sorensen']],
    ['Łukasz', ['lukasz']],
    ['Ærø', ['aro=aero']],
    ['Þór', ['tor=thor']],
    ['Đorđe Ŧ', ['dorde', 't']],
    ['Yıldız İnönü', ['yildiz', 'inonu=inoenue']],
    ['Νίκος', ['νικοσ']],
    ['Алексей Ёлкин', ['алексеи', 'елкин']],
    ['Anne-Marie', ['anne', 'marie', 'annemarie']],
    ["O'Connor", ['o', 'connor', 'oconnor']],
    ['O’Brien', ['o', 'brien', 'obrien']],
    ['Müller-Lüdenscheid', ['muller=mueller', 'ludenscheid=luedenscheid', 'mullerludenscheid=muellerluedenscheid']],
    ['Smith,John/Doe (x)', ['smith', 'john', 'doe', 'x']],
    ['- Ende -', ['ende']],
    ['GmbH & Co. KG', ['gmbh', 'co', 'kg']],
    ['b2b messe-2026', ['b2b', 'messe', '2026', 'messe2026']],
    ['Ｆｕｌｌ１２', ['full12']],
    ['ﬁrma', ['firma']],
    ['王伟', ['王伟']],
    ['王伟 Wang', ['王伟', 'wang']],
    ['王Wang', ['王', 'wang']],
    ['Groß-欧阳', ['gros=gross', '欧阳', 'gros欧阳=gross欧阳']],
    ['vip 🔥', ['vip', '🔥']],
    ['한국어', ['한국어']],
    ['ガガ', ['ガガ']],
    ['\u0301', []],
    ['', []],
  ])('%s', (text, words) => expect(found(text)).toEqual(words));

  test('say where they stand in the text', () => {
    const text = 'Frau Anne-Marie  Müller';
    expect(wordsOf(text).map(({ from, to }) => text.slice(from, to))).toEqual(['Frau', 'Anne', 'Marie', 'Anne-Marie', 'Müller']);
  });

  test('are cut so that Meilisearch can keep them apart from others', () => {
    for (const letter of ['a', 'ä', '王', '𠀀', 'ß'])
      for (const word of wordSpellings(letter.repeat(500))) {
        expect(Buffer.byteLength(word)).toBeLessThanOrEqual(300);
        expect(word.isWellFormed()).toBe(true);
      }
  });

  test('texts that are no words are folded without being cut', () => {
    expect(fold(`${'ä'.repeat(200)}@x`)).toEqual({ short: `${'a'.repeat(200)}@x`, long: [`${'ae'.repeat(200)}@x`] });
  });
});

describe('phrases', () => {
  const forms = (text: string) => phraseWords(text).map(({ form }) => form);
  test('see Müller, Mueller and Muller as the same', () => {
    expect([...forms('Müller'), ...forms('Mueller'), ...forms('Muller')]).toEqual(['muller', 'muller', 'muller']);
    expect([...forms('Groß'), ...forms('Gross')]).toEqual(['gros', 'gros']);
  });
  test('see the parts of joined names and each Chinese character', () => {
    expect(forms("Anne-Marie O'Connor")).toEqual(['anne', 'marie', 'o', 'connor']);
    expect(phraseWords('Herr 王伟')).toEqual([
      { form: 'her' + 'r', from: 0, to: 4 },
      { form: '王', from: 5, to: 6 },
      { form: '伟', from: 6, to: 7 },
    ]);
  });
});

test.each([
  ['王伟', '王', '伟'],
  ['王秀英', '王', '秀英'],
  ['欧阳娜娜', '欧阳', '娜娜'],
  ['司马', '司', '马'],
])('the Chinese name %s is %s and %s', (name, family, given) => expect(splitHanName(name)).toEqual([family, given]));
