import { truncate } from '@kontor/contracts';
import { remembered } from './remembered.js';

/** Raised whenever the same text would give other words than before: an index made with an older number must be rebuilt. */
export const WORDS_VERSION = 4;

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
// What nobody sees: where a word may be broken, which way it is written, how letters of some scripts are joined.
const UNSEEN = '\\p{Cf}\\u034f\\u180b-\\u180d\\ufe00-\\ufe0f';
const SEEN = `(?:(?!\\p{sc=Han}|${JOINT}|[${UNSEEN}])[\\p{L}\\p{N}\\p{M}])`;
const RUN = `[${UNSEEN}]*(?:\\p{sc=Han}[\\p{sc=Han}${UNSEEN}]*|${SEEN}(?:${SEEN}|[${UNSEEN}])*)`;
const ASCII_TOKEN = /[a-z0-9]+(?:['`-][a-z0-9]+)*/gi;
const TOKEN = new RegExp(`${RUN}(?:${JOINT}${RUN})*|\\p{ExtPict}[\\p{ExtPict}\\p{EMod}\\p{M}${UNSEEN}]*`, 'gu');
const JOINTS = new RegExp(JOINT, 'gu');
const INVISIBLE = new RegExp(`[${UNSEEN}]`, 'gu');
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

// The accents of Latin, Greek and Cyrillic go, and the points of Hebrew and Arabic, which are mostly left out, with the hamza on its carrier and the
// stroke that stretches a word; the vowel signs of other scripts are letters of theirs.
const MARKS =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff]/g;
// Letters of Arabic that are typed for each other: wasla, Persian and Urdu yeh and kaf, final yeh and feminine heh.
const ARABIC: Record<string, string> = { ٱ: 'ا', ى: 'ي', ی: 'ي', ک: 'ك', ة: 'ه', ە: 'ه', ہ: 'ه' };
const bare = (text: string) =>
  text
    .normalize('NFD')
    .replace(MARKS, '')
    .replace(/[ٱىیکةەہ]/g, (letter) => ARABIC[letter]!)
    .normalize('NFC');
const respelt = (lower: string, letters: Record<string, string>) => lower.replace(SPECIAL, (letter) => letters[letter] ?? letter);
function spell(lower: string, letters: Record<string, string>): string {
  const spelt = bare(respelt(lower, letters));
  // Some of these letters had an accent, as in `ǽ`.
  return NOT_ASCII.test(spelt) ? respelt(spelt, letters) : spelt;
}

const WORD_CHAR = new RegExp(`^[\\p{L}\\p{N}\\p{M}\\p{sc=Han}\\p{ExtPict}\\p{EMod}${UNSEEN}]$`, 'u');
const A_JOINT = new RegExp(`^${JOINT}$`, 'u');
/** A text without what nobody sees. */
export const visible = (text: string): string => (NOT_ASCII.test(text) ? text.replace(INVISIBLE, '') : text);
/** Whether a word may have this character. */
export const isWordChar = (character: string): boolean => WORD_CHAR.test(character);
/** Whether it joins two names to one. */
export const isJoint = (character: string): boolean => A_JOINT.test(character);

const cut = (word: string): string => truncate(word, LONGEST);

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
  Array.from(text.matchAll(TOKEN), ([token]) => visible(token)).filter((token) => wordSpellings(token)[0] !== '');

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

interface PhraseWord {
  form: string;
  from: number;
  to: number;
}

/** A text as phrases see it: words side by side, parts of joined names apart, each Chinese character by itself. */
export const phraseWords = (text: string): PhraseWord[] => phraseWordsOf(text, 0);

/** `joined`: a bit for each joined name of the text, whether it is one word. */
function phraseWordsOf(text: string, joined: number): PhraseWord[] {
  const words = wordsOf(text);
  const names = words.filter((word) => word.whole);
  const isJoined = (word: Word) => names.findIndex(({ from, to }) => from <= word.from && word.to <= to);
  return words
    .filter((word) => {
      const name = isJoined(word);
      return word.whole === (name >= 0 && ((joined >> name) & 1) === 1);
    })
    .flatMap((word) => {
      if (!isHan(word.short)) return [{ form: phraseForm(word), from: word.from, to: word.to }];
      const characters = Array.from(text.slice(word.from, word.to).matchAll(/./gsu)).filter(([form]) => visible(form));
      return characters.map(({ 0: form, index }) => ({ form, from: word.from + index, to: word.from + index + form.length }));
    });
}

// Of more joined names than these all are apart, or all in one piece.
const MOST_JOINED = 3;

/** The ways in which a text may be typed: each joined name in its parts, as phrases have it, or in one piece. */
export function phraseReadings(text: string): PhraseWord[][] {
  const names = wordsOf(text).filter(({ whole }) => whole).length;
  if (names > MOST_JOINED) return [phraseWordsOf(text, 0), phraseWordsOf(text, -1)];
  return Array.from({ length: 2 ** names }, (_, joined) => phraseWordsOf(text, joined));
}

// A single word is not a phrase, and leaving it out keeps the word lists of Meilisearch small.
const lineOf = (words: readonly PhraseWord[]) => (words.length > 1 ? words.map(({ form }) => form).join(' ') : '');

/** A phrase as one line, as Meilisearch is asked for it; empty for a single word. */
export const phraseLine: (text: string) => string = remembered((text) => lineOf(phraseWords(text)));

/** The lines of a text by which Meilisearch keeps it. */
export const phraseLines: (text: string) => readonly string[] = remembered((text) => [
  ...new Set(phraseReadings(text).flatMap((words) => lineOf(words) || [])),
]);

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

/** The words inside a run of Chinese text that is not a name. */
export const hanWords = (run: Word): Word[] =>
  Array.from(segmenter.segment(run.short), ({ segment, index }) => {
    const from = run.from + index;
    return { from, to: from + segment.length, short: segment, long: NONE, whole: true };
  });
