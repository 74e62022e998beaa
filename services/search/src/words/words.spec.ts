import { describe, expect, test } from '@jest/globals';
import { fc } from '@kontor/testing/properties';
import { nastyText } from '../../test/nasty-text.js';
import { fold, phraseWords, splitHanName, wordSpellings, wordsOf } from './words.js';

const found = (text: string) => wordsOf(text).map(({ short, long }) => [short, ...long].join('='));

/** By what: a text, and its words in order, each as `short=long`: the spelling with a letter for each letter written, and those with other letters. */
const table: Record<string, readonly (readonly [text: string, ...words: string[]])[]> = {
  'spaces and punctuation part words': [
    ['Smith,John/Doe (x)', 'smith', 'john', 'doe', 'x'],
    ['  Anna \t Meier\n', 'anna', 'meier'],
    ['a\u00a0b\u3000c', 'a', 'b', 'c'],
    ['GmbH & Co. KG', 'gmbh', 'co', 'kg'],
    ['- Ende -', 'ende'],
    ['wer?was*wo~', 'wer', 'was', 'wo'],
    ['„Haus“ «maison» ¿casa?', 'haus', 'maison', 'casa'],
    ['a_b', 'a', 'b'],
    ['100% 5€ §7', '100', '5', '7'],
    ["' - ’ ʼ –"],
    [''],
  ],
  'upper and lower case are the same': [
    ['MEIER Meier', 'meier', 'meier'],
    ['GROẞ', 'gros=gross'],
    ['ÄÖÜ', 'aou=aeoeue'],
    ['ΣΊΣΥΦΟΣ', 'σισυφοσ'],
    ['ДОСТОЕВСКИЙ', 'достоевскии'],
  ],
  'umlauts are found without dots and with an e': [
    ['Müller', 'muller=mueller'],
    ['Mueller', 'mueller'],
    ['Muller', 'muller'],
    ['Jörg', 'jorg=joerg'],
    ['Käthe', 'kathe=kaethe'],
    ['Übersee', 'ubersee=uebersee'],
    ['Çağlayan Öztürk', 'caglayan', 'ozturk=oeztuerk'],
    ['Noël Zoë', 'noel', 'zoe'],
  ],
  'ß is one s in the short spelling and two in the long one': [
    ['Groß', 'gros=gross'],
    ['Gross', 'gross'],
    ['Straße', 'strase=strasse'],
    ['Größe', 'grose=grosse=groesse'],
    ['Süß', 'sus=suss=suess'],
  ],
  'accents go': [
    ['Núñez', 'nunez'],
    ['François Lefèvre', 'francois', 'lefevre'],
    ['Hélène Château', 'helene', 'chateau'],
    ['João Gonçalves', 'joao', 'goncalves'],
    ['Dvořák Šťastný', 'dvorak', 'stastny'],
    ['Őry Gyűrű', 'ory', 'gyuru'],
    ['Ștefan Țepeș', 'stefan', 'tepes'],
    ['Żółć Wałęsa', 'zolc', 'walesa'],
    ['Nguyễn Đức', 'nguyen', 'duc'],
    ['Åse Ångström', 'ase', 'angstrom=angstroem'],
  ],
  'letters of one language are written with those that others have': [
    ['Sørensen', 'sorensen'],
    ['Łukasz', 'lukasz'],
    ['Ærø', 'aro=aero'],
    ['Œuvre', 'ouvre=oeuvre'],
    ['Ǽ Ǿ', 'a=ae', 'o'],
    ['ŉ', 'n'],
    ['Þór', 'tor=thor'],
    ['Guðrún', 'gudrun'],
    ['Đorđe Ŧ', 'dorde', 't'],
    ['Ħal Ŋuŋ', 'hal', 'nun'],
    ['Yıldız İnönü', 'yildiz', 'inonu=inoenue'],
    ['IŞIK ışık', 'isik', 'isik'],
  ],
  'composed or not, wide or narrow: one word': [
    ['M\u00fcller', 'muller=mueller'],
    ['Mu\u0308ller', 'muller=mueller'],
    ['Nu\u0301n\u0303ez', 'nunez'],
    ['S\u0327\u0306ule', 'sule'],
    ['Ｆｕｌｌ１２', 'full12'],
    ['ﬁrma Ⅳ', 'firma', 'iv'],
    ['ｶﾞ ガ', 'ガ', 'ガ'],
    ['Mül\u00adler', 'muller=mueller'],
    ['Mei\u2060er', 'meier'],
    ['\u0301'],
  ],
  'what nobody sees is not there': [
    ['Mül\u200eler Mül\u200bler \u202aMüller\u202c', 'muller=mueller', 'muller=mueller', 'muller=mueller'],
    ['\ufeffMei\u2066er\u2069', 'meier'],
    ['王\u200b伟', '王伟'],
    ['a-\u200b-b', 'a', 'b'],
    ['\u200b \u2060\u202e'],
  ],
  'Arabic and Hebrew are found without points, and with the letters that are typed for each other': [
    ['مُحَمَّد محمد محـــمد', 'محمد', 'محمد', 'محمد'],
    ['أحمد إحمد آحمد ٱحمد', 'احمد', 'احمد', 'احمد', 'احمد'],
    ['علي علی على', 'علي', 'علي', 'علي'],
    ['کریم كريم', 'كريم', 'كريم'],
    ['فاطمة فاطمه', 'فاطمه', 'فاطمه'],
    ['שָׁלוֹם שלום', 'שלום', 'שלום'],
    ['הָרָב יִצְחָק', 'הרב', 'יצחק'],
  ],
  'what is joined by a hyphen is also one word whole': [
    ['Anne-Marie', 'anne', 'marie', 'annemarie'],
    ['Anne‐Marie', 'anne', 'marie', 'annemarie'],
    ['Anne‑Marie', 'anne', 'marie', 'annemarie'],
    ['Anne–Marie', 'anne', 'marie', 'annemarie'],
    ['Anne－Marie', 'anne', 'marie', 'annemarie'],
    ['Anne - Marie', 'anne', 'marie'],
    ['-Anne-', 'anne'],
    ['Anne--Marie', 'anne', 'marie'],
    ['Müller-Lüdenscheid', 'muller=mueller', 'ludenscheid=luedenscheid', 'mullerludenscheid=muellerluedenscheid'],
    ['a-b-c', 'a', 'b', 'c', 'abc'],
    ['2020-2024', '2020', '2024', '20202024'],
  ],
  'and so is what is joined by an apostrophe of any kind': [
    ["O'Connor", 'o', 'connor', 'oconnor'],
    ['O’Connor', 'o', 'connor', 'oconnor'],
    ['O‘Connor', 'o', 'connor', 'oconnor'],
    ['OʼConnor', 'o', 'connor', 'oconnor'],
    ['OʻConnor', 'o', 'connor', 'oconnor'],
    ['O＇Connor', 'o', 'connor', 'oconnor'],
    ['O`Connor', 'o', 'connor', 'oconnor'],
    ['O´Connor', 'o', 'connor', 'oconnor'],
    ['O′Connor', 'o', 'connor', 'oconnor'],
    ["l'Hôpital d'Étienne", 'l', 'hopital', 'lhopital', 'd', 'etienne', 'detienne'],
    ["rock'n'roll", 'rock', 'n', 'roll', 'rocknroll'],
    ["'Anna'", 'anna'],
    ["Peters' Haus", 'peters', 'haus'],
  ],
  'digits are letters': [
    ['b2b messe-2026', 'b2b', 'messe', '2026', 'messe2026'],
    ['R2D2 7a', 'r2d2', '7a'],
    ['1.234,5', '1', '234', '5'],
    ['m³', 'm3'],
  ],
  'a run of Chinese characters is one word': [
    ['王伟', '王伟'],
    ['王伟 Wang', '王伟', 'wang'],
    ['王Wang', '王', 'wang'],
    ['佐々木', '佐々木'],
    ['欧阳·娜娜', '欧阳', '娜娜'],
    ['𠀀𠀁', '𠀀𠀁'],
    ['Groß-欧阳', 'gros=gross', '欧阳', 'gros欧阳=gross欧阳'],
  ],
  'a picture is a word': [
    ['vip 🔥', 'vip', '🔥'],
    ['❤️ ❤', '❤', '❤'],
    ['👍🏽', '👍🏽'],
    ['ok👍', 'ok', '👍'],
  ],
  'other scripts keep their letters': [
    ['Алексей Ёлкин', 'алексеи', 'елкин'],
    ['Νίκος', 'νικοσ'],
    ['王Иван', '王', 'иван'],
    ['מרים לוי', 'מרים', 'לוי'],
    ['ג׳ון', 'ג', 'ון', 'גון'],
    ['محمد علي', 'محمد', 'علي'],
    ['می\u200cخواهم', 'ميخواهم'],
    ['สมชาย ใจดี', 'สมชาย', 'ใจดี'],
    ['अनिल कुमार', 'अनिल', 'कुमार'],
    ['क्\u200dष', 'क्ष'],
    ['தமிழ்', 'தமிழ்'],
    ['한국어', '한국어'],
    ['\u1112\u1161\u11ab', '한'],
    ['ガガ さくら', 'ガガ', 'さくら'],
    ['田中さん', '田中', 'さん'],
    ['გიორგი', 'გიორგი'],
    ['Հայկ', 'հայկ'],
  ],
};

describe('words', () => {
  describe.each(Object.entries(table))('%s', (_, rows) => {
    test.each(rows.map(([text, ...words]) => [text, words] as const))('%s', (text, words) => expect(found(text)).toEqual(words));
  });

  test('are the same however a text is composed', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        const letters = text.replace(/\p{S}/gu, ' ');
        expect(found(letters.normalize('NFD'))).toEqual(found(letters.normalize('NFC')));
      }),
    );
  });
  test('have words for spellings: looked at again, a spelling is itself', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        for (const { short } of wordsOf(text)) expect(wordSpellings(short)[0]).toBe(short);
      }),
      { examples: [['\u2de0\ufe70'], ['\u1de3\ufe76']] },
    );
  });
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
