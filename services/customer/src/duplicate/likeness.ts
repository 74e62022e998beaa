import { doubleMetaphone } from 'double-metaphone';
import { pinyin } from 'pinyin-pro';
import { fold } from '../fields/fold.js';

/** How alike two texts are: the same, but for slips of the keyboard, in sound only, shortened (an initial, a part of it), or not. */
export type Likeness = 'same' | 'near' | 'sound' | 'part' | 'other';

/** A text as it is compared: its words without case, accents and signs, and all of them in one piece. */
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

/** `Müller` has become `muller`, but `Mueller` is the same name. */
const withoutUmlauts = (joined: string): string => joined.replace(/([aou])e/g, '$1');

export function likeness(a: Text, b: Text): Likeness {
  if (a.joined === b.joined) return 'same';
  if (isNear(a.joined, b.joined)) return withoutUmlauts(a.joined) === withoutUmlauts(b.joined) ? 'same' : 'near';
  if (soundsAlike(a.joined, b.joined)) return 'sound';
  return isPart(a, b) || isPart(b, a) ? 'part' : 'other';
}

/** One slip from four letters on, two from nine on: fewer letters say too little, and long street names differ in few. */
export function isNear(a: string, b: string): boolean {
  const length = Math.max(a.length, b.length);
  if (length < 4) return false;
  const most = length < 9 ? 1 : 2;
  return Math.abs(a.length - b.length) <= most && editDistance(a, b) <= most;
}

/** `A.` or `Anna` of `Anna Maria`; the words of the shorter one stand in the longer one in the same order. */
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

/** A letter that stands for a name; a Chinese character is one. */
const isInitial = (word: string): boolean => word.length === 1 && !HAN.test(word);

/** The codes of sound forget the vowels, so what sounds alike must look somewhat alike too: Meyer and Maier, not Meyer and Moore. */
function soundsAlike(a: string, b: string): boolean {
  if (soundOf(a) !== soundOf(b)) return false;
  const length = Math.max(a.length, b.length);
  return HAN.test(a) || HAN.test(b) || (length > 3 && editDistance(a, b) < length / 2);
}

/**
 * How a joined text sounds, so that texts that sound alike have the same: Latin script by its consonants, Chinese by its pinyin
 * without tones, which makes 王 and Wang one sound; other scripts as they are written.
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
// Names repeat; working their sounds out is what costs most about them.
const sounds = new Map<string, string>();
const MAX_CACHED_SOUNDS = 50_000;

/**
 * The fewest letters to put in, leave out, replace or swap with their neighbour that turn one text into the other
 * (optimal string alignment).
 */
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
