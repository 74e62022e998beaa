import { removeInvisible } from '@kontor/contracts';

const LETTERS: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ŧ: 't',
  ŋ: 'n',
  ı: 'i',
};
const SPECIAL = /[ßæœøłđðþħŧŋı]/g;

/** Removes case, accents, width variants and invisible characters. Letters without a decomposition are transliterated as in search. */
export const fold = (text: string): string =>
  removeInvisible(text)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(SPECIAL, (letter) => LETTERS[letter] ?? letter);
