import { doubleMetaphone } from 'double-metaphone';
import { pinyin } from 'pinyin-pro';
import { fold } from '../fields/fold.js';

/**
 * How similar two texts are: `same`; `near`, except for typos; `sound`, in sound only; `part`, one is a part or the initial of the other; `other`,
 * not similar.
 */
export type Likeness = 'same' | 'near' | 'sound' | 'part' | 'other';

/** A text prepared for comparison: its words without case, accents and punctuation, and these words joined. */
export interface Text {
  words: string[];
  joined: string;
}

/** Undefined when nothing to compare is left. */
export function textOf(...parts: readonly (string | null | undefined)[]): Text | undefined {
  const words = fold(parts.filter(Boolean).join(' '))
    .replace(APOSTROPHES, '')
    .match(/[\p{L}\p{N}]+/gu);
  return words ? { words, joined: words.join('') } : undefined;
}

const APOSTROPHES = /['’‘`´]/g;

/** Folding turns `Müller` into `muller`; `Mueller` is the same name. */
const withoutUmlauts = (joined: string): string => joined.replace(/([aou])e/g, '$1');

export function likeness(a: Text, b: Text): Likeness {
  if (a.joined === b.joined) return 'same';
  if (isNear(a.joined, b.joined)) return withoutUmlauts(a.joined) === withoutUmlauts(b.joined) ? 'same' : 'near';
  if (soundsAlike(a.joined, b.joined)) return 'sound';
  return isPart(a, b) || isPart(b, a) ? 'part' : 'other';
}

/** One typo from four letters on, two from nine on: shorter texts carry too little information, and long street names differ in few letters. */
export function isNear(a: string, b: string): boolean {
  const length = Math.max(a.length, b.length);
  if (length < 4) return false;
  const most = length < 9 ? 1 : 2;
  return Math.abs(a.length - b.length) <= most && editDistance(a, b) <= most;
}

/** Whether the words of the shorter text appear in the longer one in the same order, like `A.` or `Anna` in `Anna Maria`. */
function isPart(short: Text, long: Text): boolean {
  let place = 0;
  return short.words.every((word) => {
    while (place < long.words.length) {
      const other = long.words[place++] as string;
      if (other === word || (isInitial(word) && other.startsWith(word))) return true;
    }
    return false;
  });
}

/** A letter that abbreviates a name; a single Chinese character is a whole name. */
const isInitial = (word: string): boolean => word.length === 1 && !HAN.test(word);

/** Phonetic codes ignore vowels, so the texts must look somewhat alike too: Meyer and Maier, not Meyer and Moore. */
function soundsAlike(a: string, b: string): boolean {
  if (soundOf(a) !== soundOf(b)) return false;
  const length = Math.max(a.length, b.length);
  return HAN.test(a) || HAN.test(b) || (length > 3 && editDistance(a, b) < length / 2);
}

/**
 * The phonetic code of a joined text, equal for texts that sound alike: Double Metaphone for Latin script; pinyin without tones for Chinese, so that
 * 王 and Wang are equal; other scripts as they are.
 */
export function soundOf(joined: string): string {
  const known = sounds.get(joined);
  if (known !== undefined) return known;
  const latin = HAN.test(joined) ? pinyin(joined, { toneType: 'none', type: 'array' }).join('') : joined;
  const sound = (/^[a-z]+$/.test(latin) && doubleMetaphone(latin)[0]) || latin;
  if (sounds.size >= MAX_CACHED_SOUNDS) sounds.clear();
  sounds.set(joined, sound);
  return sound;
}
const HAN = /\p{sc=Han}/u;
// A cache: names repeat, and computing their codes is the most expensive part.
const sounds = new Map<string, string>();
const MAX_CACHED_SOUNDS = 50_000;

/** The edit distance with insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, at(before, j - 2) + 1);
      row.push(edits);
    }
    before = above;
    above = row;
  }
  return at(above, b.length);
}
const at = (row: readonly number[], i: number): number => row[i] ?? Number.POSITIVE_INFINITY;
