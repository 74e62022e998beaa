// What a word is and when two of them are alike, written anew from the meaning of a query and not from the service, so that one mistake is not made twice.
import { colognePhonetic } from 'cologne-phonetic';
import { doubleMetaphone } from 'double-metaphone';
import { pinyin } from 'pinyin-pro';

const ARABIC: Record<string, string> = { ٱ: 'ا', ى: 'ي', ی: 'ي', ک: 'ك', ة: 'ه', ە: 'ه', ہ: 'ه' };
const ONE: Record<string, string> = {
  ...ARABIC,
  ß: 's',
  æ: 'a',
  œ: 'o',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ı: 'i',
  ς: 'σ',
};
const TWO: Record<string, string> = { ...ONE, ß: 'ss', æ: 'ae', œ: 'oe' };
const UMLAUTS: Record<string, string> = { ...TWO, ä: 'ae', ö: 'oe', ü: 'ue' };

const flat = (text: string, table: Record<string, string>) =>
  Array.from(
    text
      .replace(/[\p{Cf}ـ]/gu, '')
      .toLowerCase()
      .normalize('NFC'),
    (letter) => table[letter] ?? letter.normalize('NFD').replace(/\p{M}/gu, ''),
  ).join('');

/** A text in the ways it can be spelt: a letter for each letter, then with the letters that stand for two. */
export const ways = (text: string): [string, string, string] => [flat(text, ONE), flat(text, TWO), flat(text, UMLAUTS)];

const JOINTS = /['’-]/g;
const WORD = /[\p{L}\p{N}\p{M}\p{Cf}]+(?:['’-][\p{L}\p{N}\p{M}\p{Cf}]+)*/gu;
const HAN = /^\p{sc=Han}+$/u;
export const isChinese = (text: string): boolean => HAN.test(text);

export interface Spot {
  text: string;
  from: number;
}

/** The words of a text as they are written; names joined by a hyphen or an apostrophe in one piece. */
export const spotsIn = (text: string): Spot[] => Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({ text: word, from: index }));

/** All words of a text: joined names also in their parts. */
export const wordsIn = (text: string): string[] =>
  spotsIn(text).flatMap(({ text: word }) => {
    const parts = word.split(JOINTS).filter(Boolean);
    return parts.length > 1 ? [parts.join(''), ...parts] : parts;
  });

/** The words of a text side by side: joined names in their parts only, Chinese ones by the character. */
export const sideBySide = (text: string): string[] =>
  spotsIn(text)
    .flatMap(({ text: word }) => word.split(JOINTS))
    .flatMap((part) => (isChinese(part) ? [...part] : part ? [part] : []));

/** The same in every way in which it can be typed: each joined name in its parts or in one piece. */
export const typedWays = (text: string): string[][] =>
  spotsIn(text).reduce<string[][]>(
    (lines, { text: word }) => {
      const apart = sideBySide(word);
      const whole = withoutJoints(word);
      return lines.flatMap((line) =>
        whole === word || isChinese(whole)
          ? [[...line, ...apart]]
          : [
              [...line, ...apart],
              [...line, whole],
            ],
      );
    },
    [[]],
  );

export const withoutJoints = (word: string): string => word.replace(JOINTS, '');

/**
 * Optimal string alignment: letters put in, left out, replaced, or swapped with their neighbour; `most + 1` for more than `most`.
 * Of the table only what lies near its diagonal is worked out: what is further away costs more than `most` anyway.
 */
export function edits(a: string, b: string, most: number): number {
  const width = b.length + 1;
  const table = new Uint8Array((a.length + 1) * width).fill(most + 1);
  for (let i = 0; i <= a.length; i++)
    for (let j = Math.max(0, i - most); j <= Math.min(b.length, i + most); j++) {
      const at = i * width + j;
      if (i === 0 || j === 0) {
        table[at] = i + j;
        continue;
      }
      let least = table[at - width - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      least = Math.min(least, table[at - 1]! + 1, table[at - width]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, table[at - 2 * width - 2]! + 1);
      table[at] = Math.min(least, most + 1);
    }
  return table.at(-1)!;
}

/** How the spellings of a word sound: Kölner Phonetik and Double Metaphone, or pinyin without tones. */
export function sounds(spellings: readonly string[]): Set<string> {
  const codes = new Set<string>();
  for (const word of spellings) {
    if (isChinese(word)) {
      codes.add(`pinyin ${pinyin(word, { toneType: 'none', type: 'array' }).join('')}`);
      codes.add(`pinyin ${pinyin(word, { toneType: 'none', type: 'array', mode: 'surname', surname: 'head' }).join('')}`);
    } else if (/^[a-z]+$/.test(word)) {
      const cologne = colognePhonetic(word);
      if (cologne) codes.add(`cologne ${cologne}`);
      for (const code of doubleMetaphone(word)) if (code) codes.add(`metaphone ${code}`);
    }
  }
  return codes;
}
