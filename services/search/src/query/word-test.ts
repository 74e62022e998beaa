import type { MatchHow } from '@kontor/contracts';
import { editDistance } from '../words/edit-distance.js';
import { soundsOf } from '../words/sounds.js';
import { spellings, wordSpellings } from '../words/words.js';
import { patternTest, piecesOf, respell } from './pattern.js';
import type { Clause } from './query.js';

/** Clauses that are answered word by word. */
export type WordClause = Extract<Clause, { kind: 'word' | 'pattern' | 'alike' }>;

/** How well a word fits; level 0 is best. A hit is ranked by the level of its worst clause. */
export interface Fit {
  level: number;
  how: MatchHow;
}

/** Says how a word, in one of its spellings, fits a clause, or that it does not: the one place that knows it, for the dictionary and for the reasons shown. */
export type WordTest = (spelling: string, isLong: boolean) => Fit | undefined;

export function wordTest(clause: WordClause): WordTest {
  if (clause.kind === 'pattern') return wildcardTest(clause.text);
  return clause.kind === 'alike' ? alikeTest(clause.text, clause.edits) : plainTest(clause.text);
}

/** Words shorter than this are not looked for inside others. */
const SHORTEST_INFIX = 3;
/** As many letters as were written count, not those of another spelling. */
export const isLongEnough = (text: string): boolean => [...wordSpellings(text)[0]!].length >= SHORTEST_INFIX;

/** How many slips a plain word may have, as Meilisearch sees it: 1 from 5 letters, 2 from 9. */
export function slipsIn(text: string): number {
  const letters = [...wordSpellings(text)[0]!].length;
  return letters >= 9 ? 2 : letters >= 5 ? 1 : 0;
}

function plainTest(text: string): WordTest {
  const wanted = wordSpellings(text);
  const inside = isLongEnough(text) ? wanted : [];
  const slips = slipsIn(text);
  return (word) => {
    if (wanted.includes(word)) return { level: 0, how: 'exact' };
    if (wanted.some((one) => word.startsWith(one))) return { level: 1, how: 'prefix' };
    if (inside.some((one) => word.includes(one))) return { level: 2, how: 'infix' };
    if (slips && wanted.some((one) => editDistance(one, word, slips) <= slips)) return { level: 3, how: 'slip' };
    return undefined;
  };
}

/** The spellings of a pattern; with a `?` only that with a letter for each letter. */
export function patternSpellings(text: string): ReturnType<typeof piecesOf>[] {
  const pieces = piecesOf(text);
  const short = respell(pieces, (part) => spellings(part).short);
  if (text.includes('?')) return [short];
  const ways = Math.max(...pieces.map((piece) => (typeof piece === 'string' ? 0 : spellings(piece.text).long.length)));
  const long = Array.from({ length: ways }, (_, way) =>
    respell(pieces, (part) => spellings(part).long[way] ?? spellings(part).long.at(-1) ?? spellings(part).short),
  );
  return [short, ...long];
}

function wildcardTest(text: string): WordTest {
  const spelled = patternSpellings(text).map(patternTest);
  const shortOnly = text.includes('?');
  return (word, isLong) => (!(shortOnly && isLong) && spelled.some((fits) => fits(word)) ? { level: 0, how: 'wildcard' } : undefined);
}

/** Words that sound alike come after all that are spelt alike. */
export const SOUNDS_ALIKE: Fit = { level: 3, how: 'sound' };

function alikeTest(text: string, edits: number): WordTest {
  const spelt = speltTest(text, edits);
  const sounds = new Set(wordSpellings(text).flatMap(soundsOf));
  return (word) => spelt(word, false) ?? (soundsOf(word).some((code) => sounds.has(code)) ? SOUNDS_ALIKE : undefined);
}

/** The part of `~` that looks at letters only. */
function speltTest(text: string, edits: number): WordTest {
  const wanted = wordSpellings(text);
  return (word) => {
    const distance = Math.min(...wanted.map((one) => editDistance(one, word, edits)));
    return distance <= edits ? { level: distance, how: distance === 0 ? 'exact' : 'alike' } : undefined;
  };
}

/** As `wordTest`, for words of which it is known already whether they sound alike: working that out takes a hundred times as long as all else. */
export const wordTestWithoutSounds = (clause: WordClause): WordTest =>
  clause.kind === 'alike' ? speltTest(clause.text, clause.edits) : wordTest(clause);
