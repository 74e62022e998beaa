import { remembered } from './remembered.js';

/** Raised whenever the same text would give other words than before: an index made with an older number must be rebuilt. */
export const WORDS_VERSION = 3;

/** A word where it stands in a text, in every spelling by which it can be found. */
export interface Word {
  from: number;
  to: number;
  /** A letter for each letter written: `müller` is `muller`, `groß` is `gros`. Patterns with `?` are matched against this one only. */
  short: string;
  /** The spellings with other letters: `mueller`, `gross`. Mostly none. */
  long: readonly string[];
  /** A name joined by hyphens or apostrophes as one word; its parts stand before it. */
  whole: boolean;
}

// Longer words are cut: Meilisearch confuses filter values of more than 468 bytes.
const LONGEST = 100;

const JOINT = "['’‘‛ʼʻ＇`´′׳‐‑‒–－-]";
// What nobody sees: where a word may be broken, and how letters of some scripts are joined.
const UNSEEN = '\\u00ad\\u200c\\u200d\\u2060\\ufe0f';
const RUN = `(?:\\p{sc=Han}+|(?:(?!\\p{sc=Han}|${JOINT})[\\p{L}\\p{N}\\p{M}${UNSEEN}])+)`;
const ASCII_TOKEN = /[a-z0-9]+(?:['`-][a-z0-9]+)*/gi;
const TOKEN = new RegExp(`${RUN}(?:${JOINT}${RUN})*|\\p{ExtPict}[\\p{ExtPict}\\p{EMod}\\p{M}\\u200d]*`, 'gu');
const JOINTS = new RegExp(JOINT, 'gu');
const INVISIBLE = new RegExp(`[${UNSEEN}]`, 'g');
const PART = new RegExp(`[^${JOINT.slice(1)}+`, 'gu');
const NOT_ASCII = /[^\0-\x7f]/;

const SHORT: Record<string, string> = {
  ß: 's',
  æ: 'a',
  œ: 'o',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 't',
  ħ: 'h',
  ŧ: 't',
  ŋ: 'n',
  ı: 'i',
  ς: 'σ',
};
const PLAIN: Record<string, string> = { ...SHORT, ß: 'ss', æ: 'ae', œ: 'oe', þ: 'th' };
const GERMAN: Record<string, string> = { ...PLAIN, ä: 'ae', ö: 'oe', ü: 'ue' };
const SPECIAL = /[ßæœøłđðþħŧŋıςäöü]/g;

// Only the accents of Latin, Greek and Cyrillic go; the vowel signs of other scripts are letters of theirs.
const bare = (text: string) =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC');
const respelt = (lower: string, letters: Record<string, string>) => lower.replace(SPECIAL, (letter) => letters[letter] ?? letter);
function spell(lower: string, letters: Record<string, string>): string {
  const spelt = bare(respelt(lower, letters));
  // Some of these letters had an accent, as in `ǽ`.
  return NOT_ASCII.test(spelt) ? respelt(spelt, letters) : spelt;
}

const WORD_CHAR = new RegExp(`^[\\p{L}\\p{N}\\p{M}\\p{sc=Han}\\p{ExtPict}\\p{EMod}${UNSEEN}]$`, 'u');
const A_JOINT = new RegExp(`^${JOINT}$`, 'u');
/** Whether a word may have this character. */
export const isWordChar = (character: string): boolean => WORD_CHAR.test(character);
/** Whether it joins two names to one. */
export const isJoint = (character: string): boolean => A_JOINT.test(character);

function cut(word: string): string {
  if (word.length <= LONGEST) return word;
  const end = /[\ud800-\udbff]/.test(word[LONGEST - 1]!) ? LONGEST - 1 : LONGEST;
  return word.slice(0, end);
}

const SIGN_INSIDE = new RegExp(`${JOINT}|\\s`, 'u');
// Some letters are folded to several with a sign or a space among them: `ŉ` is `ʼn`. Marks that were on either side of it may have another order.
const closed = (word: string) => (SIGN_INSIDE.test(word) ? word.replace(JOINTS, '').replace(/\s/g, '').normalize('NFC') : word);

/** A text in the spellings that can be meant by it. */
export interface Spellings {
  short: string;
  long: readonly string[];
}
const NONE: readonly string[] = [];

/** Case, width and accents folded, and the German ways to write umlauts and ß side by side. */
export function fold(raw: string): Spellings {
  if (!NOT_ASCII.test(raw)) return { short: raw.toLowerCase(), long: NONE };
  const lower = raw.normalize('NFKC').toLowerCase().normalize('NFC').replace(INVISIBLE, '');
  const short = spell(lower, SHORT);
  const long = new Set([spell(lower, PLAIN), spell(lower, GERMAN)]);
  long.delete(short);
  return { short, long: [...long] };
}

/** The spellings of one word. */
export const spellings: (raw: string) => Spellings = remembered((raw) => {
  const { short, long } = fold(raw);
  return { short: cut(closed(short)), long: long.length ? long.map((one) => cut(closed(one))) : NONE };
});

/** Every spelling of a word as it is written, joined or not; the short one first. */
export const wordSpellings = (written: string): string[] => {
  const { short, long } = spellings(written.replace(JOINTS, ''));
  return [short, ...long];
};

/** The words of a text as they are written, joined names in one piece. */
export const joinedTokens = (text: string): string[] =>
  Array.from(text.matchAll(TOKEN), ([token]) => token).filter((token) => wordSpellings(token)[0] !== '');

/** The words of a text in order; `Anne-Marie` gives `anne`, `marie` and, whole, `annemarie`. A run of Chinese characters is one word. */
export const wordsOf: (text: string) => readonly Word[] = remembered(findWords);

function findWords(text: string): Word[] {
  const found: Word[] = [];
  const add = (raw: string, from: number, to: number, whole = false) => {
    const { short, long } = spellings(raw);
    if (short) found.push({ from, to, short, long, whole });
  };
  for (const { 0: token, index } of text.matchAll(NOT_ASCII.test(text) ? TOKEN : ASCII_TOKEN)) {
    const end = index + token.length;
    const joined = token.replace(JOINTS, '');
    if (joined.length < token.length)
      for (const part of token.matchAll(PART)) add(part[0], index + part.index, index + part.index + part[0].length);
    add(joined, index, end, joined.length < token.length);
  }
  return found;
}

// Phrases see one letter where one or two may be written. Whatever spelling of a word it begins with, the same form comes out.
const collapse = (word: string) =>
  word
    .replace(/([aou])e+/g, '$1')
    .replace(/s+/g, 's')
    .replace(/th+/g, 't');

/** A word as phrases compare it: `müller`, `mueller` and `muller` are the same here. */
export const phraseForm = ({ short, long }: Spellings): string => collapse(long.at(-1) ?? short);

/** A text as phrases see it: words side by side, parts of joined names apart, each Chinese character by itself. */
export function phraseWords(text: string): { form: string; from: number; to: number }[] {
  return wordsOf(text)
    .filter((word) => !word.whole)
    .flatMap((word) => {
      if (!isHan(word.short)) return [{ form: phraseForm(word), from: word.from, to: word.to }];
      const characters = text.slice(word.from, word.to).matchAll(/./gsu);
      return Array.from(characters, ({ 0: form, index }) => ({ form, from: word.from + index, to: word.from + index + form.length }));
    });
}

/** The same as one line, by which Meilisearch keeps it; a single word is no phrase, and leaving it out keeps its word lists small. */
export const phraseLine: (text: string) => string = remembered((text) => {
  const words = phraseWords(text);
  return words.length > 1 ? words.map(({ form }) => form).join(' ') : '';
});

const HAN = /^\p{sc=Han}+$/u;
export const isHan = (text: string): boolean => HAN.test(text);

const COMPOUND = new Set(
  (
    '欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 东方 東方 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 宇文 长孫 长孙 長孫 司徒 司空 夏侯 轩辕 轩轅 端木 ' +
    '独孤 獨孤 南宫 南宮 闻人 聞人 申屠 钟离 鍾離 鲜于 鮮于 赫连 赫連 澹台 澹臺 呼延 东郭 東郭 西门 西門 百里 濮阳 濮陽 太史 万俟 拓跋'
  ).split(' '),
);

/** A Chinese name written in one piece, taken apart: family name, which may have two characters, and given name. */
export function splitHanName(name: string): [family: string, given: string] {
  const letters = [...name];
  const length = letters.length > 2 && COMPOUND.has(letters.slice(0, 2).join('')) ? 2 : 1;
  return [letters.slice(0, length).join(''), letters.slice(length).join('')];
}

const segmenter = new Intl.Segmenter('zh', { granularity: 'word' });

/** The words inside a run of Chinese text that is no name. */
export const hanWords = (run: Word): Word[] =>
  Array.from(segmenter.segment(run.short), ({ segment, index }) => {
    const from = run.from + index;
    return { from, to: from + segment.length, short: segment, long: NONE, whole: true };
  });
