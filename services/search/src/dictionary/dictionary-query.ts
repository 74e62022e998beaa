import { isIdentifierClause, type Wanted, wantedBy } from '../query/identifier-test.js';
import { asciiForm, escapeLike, likeOf, respell } from '../query/pattern.js';
import type { Clause, Piece } from '../query/query.js';
import { isLongEnough, patternSpellings, slipsIn, type WordClause } from '../query/word-test.js';
import { letterBits } from '../words/edit-distance.js';
import { fieldsFor, longTerm, ONLY_WHEN_NAMED, shortTerm } from '../words/entry-fields.js';
import { BAR, digitsOf } from '../words/identifiers.js';
import { soundsOf } from '../words/sounds.js';
import { isHan, wordSpellings, wordsOf } from '../words/words.js';

/** How many words or entries of one clause are taken into account. */
export const MOST_FOUND = 10_000;

/** One question to the dictionary; the rows it gives are candidates, which a test in this process looks at again. */
export interface Lookup {
  /** The clause's place in the query, and for a phrase the word's place in it. */
  clause: number;
  word: number;
  table: 'word' | 'identifier';
  condition: string;
  /** What it gives has been compared already: those words sound alike. */
  sounds?: true;
}

/** A lookup with what it gave: terms like `last:muller`, or for identifiers `<entry> <kind> <value>`. */
export type Answered = Lookup & { rows: readonly string[] };

type Param = (value: unknown) => string;

/** What is to be looked up for each clause. The tenant is not in it: the dictionary adds it to every question. */
export function lookupsFor(clauses: readonly Clause[], param: Param): Lookup[] {
  return clauses.flatMap((clause, place) => {
    const at = { clause: place, word: 0 };
    if (isIdentifierClause(clause)) {
      // A number is looked for in phone numbers and among codes; both is one look through the trigrams.
      const byPattern = Map.groupBy(wantedBy(clause), ({ pattern }) => JSON.stringify(pattern));
      const wanted = Array.from(byPattern.values(), (same) => ({
        ...at,
        table: 'identifier' as const,
        condition: identifierCondition(same, param),
      }));
      if (clause.kind === 'digits' && clause.field === null)
        return [...wanted, { ...at, table: 'word' as const, condition: `word = ${param(digitsOf(clause.text))}` }];
      return wanted;
    }
    const conditions = clause.kind === 'phrase' ? phraseConditions(clause.text, param) : wordConditions(clause, param);
    // A parameter that no condition names is refused by PostgreSQL.
    const inFields = conditions.length ? fieldCondition(clause.field, param) : '';
    return conditions.map((one) => ({ ...at, table: 'word' as const, ...one, condition: `${inFields} and ${one.condition}` }));
  });
}

const marks = (field: string) => [shortTerm(field, ''), longTerm(field, '')];
const fieldCondition = (field: string | null, param: Param) =>
  field === null
    ? `field <> all(${param(marks(ONLY_WHEN_NAMED))}::text[])`
    : `field = any(${param(fieldsFor(field).flatMap(marks))}::text[])`;

type Condition = Pick<Lookup, 'condition'> & Partial<Pick<Lookup, 'word' | 'sounds'>>;

function wordConditions(clause: WordClause, param: Param): Condition[] {
  switch (clause.kind) {
    case 'pattern':
      return patternConditions(clause.text, param);
    case 'alike': {
      const words = wordSpellings(clause.text);
      const sounds = [...new Set(words.flatMap(soundsOf))];
      return [
        ...words.flatMap((word) => nearConditions(word, clause.edits, param)),
        ...(sounds.length ? [{ condition: `sounds && ${param(sounds)}::text[]`, sounds: true as const }] : []),
      ];
    }
    default:
      return wordSpellings(clause.text).flatMap((word) => [
        { condition: like(`${escapeLike(word)}%`, param) },
        ...(isLongEnough(clause.text) ? [{ condition: contains(['*', { text: word }, '*'], param) }] : []),
        ...(slipsIn(clause.text) ? nearConditions(word, slipsIn(clause.text), param) : []),
      ]);
  }
}

const like = (pattern: string, param: Param) => `word like ${param(pattern)}`;
/** With the index of trigrams. */
const contains = (pieces: readonly Piece[], param: Param) =>
  `coalesce(parts, word) like ${param(likeOf(respell(pieces, asciiForm)))} and ${like(likeOf(pieces), param)}`;

function patternConditions(text: string, param: Param): Condition[] {
  return patternSpellings(text).map((pieces) => {
    const [first, star, ...rest] = pieces;
    const begins = typeof first === 'object' && star === '*' && rest.length === 0;
    // A beginning is found in order; everything else by its trigrams.
    return { condition: begins ? like(likeOf(pieces), param) : contains(pieces, param) };
  });
}

/** Chinese characters stand in the dictionary as parts of words only; the phrase search decides. */
const phraseConditions = (text: string, param: Param): Condition[] =>
  phraseTerms(text).map((spelled, word) => ({ word, condition: `word = any(${param(spelled)}::text[])` }));

/** The spellings of the words of a phrase that stand in the dictionary as they are. */
export function phraseTerms(text: string): string[][] {
  const words = wordsOf(text).filter(({ whole }) => !whole);
  const single = words.length === 1;
  return words.filter(({ short }) => single || !isHan(short)).map(({ short, long }) => [short, ...long]);
}

/**
 * Words within so many edits. An edit changes one place, so of two parts of the word with a letter between them one is left as it was,
 * of three parts one after two edits: a beginning, an end, or something inside. How many letters there are, and which, rules out most of the rest.
 */
export function nearConditions(word: string, edits: number, param: Param): Condition[] {
  if (edits === 0) return [{ condition: `word = ${param(word)}` }];
  const letters = [...word];
  const n = letters.length;
  const lengths = `length = any(${param(Array.from({ length: 2 * edits + 1 }, (_, i) => n - edits + i))}::int[])`;
  const plausible = `${lengths} and bit_count((letters # ${param(letterBits(word))})::bit(32)) <= ${2 * edits}`;
  if (edits === 2 && n >= 6 && n <= 8) return partsOf(letters, param).map((part) => ({ condition: `${part} and ${plausible}` }));
  // Long words end alike more often than they begin alike (-strasse), so what is more than five letters goes to the end.
  const inner = edits === 1 ? 0 : n > 16 ? 4 : 3;
  const rest = n - (edits === 1 ? 1 : inner + 2);
  const begin = Math.min(Math.floor(rest / 2), edits === 1 ? n : 5);
  // Too short to cut; then all words of about that length are looked at.
  if (edits > 2 || begin < (edits === 1 ? 1 : 2)) return [{ condition: plausible }];
  const first = letters.slice(0, begin).join('');
  const last = letters.slice(n - (edits === 1 ? begin : rest - begin)).join('');
  const middle = letters.slice(begin + 1, begin + 1 + inner).join('');
  return [
    { condition: `${like(`${escapeLike(first)}%`, param)} and ${plausible}` },
    { condition: `reverse(word) collate "C" like ${param(`${escapeLike([...last].reverse().join(''))}%`)} and ${plausible}` },
    ...(inner ? [{ condition: `${contains(['*', { text: middle }, '*'], param)} and ${plausible}` }] : []),
  ];
}

// As the index of their trigrams has them. The first letters of a long part rule out nearly all others; each more costs a list of its own.
const SIGNS: Record<string, string> = { '@': 'q', '.': 'x', '|': 'z', '-': 'j', _: 'k', '+': 'v' };
const MOST_COMPARED = 10;

const begins = (text: string, param: Param) => like(`${escapeLike(text)}%`, param);
const ends = (text: string, param: Param) => `reverse(word) collate "C" like ${param(`${escapeLike([...text].reverse().join(''))}%`)}`;

/**
 * What a word within two edits of one of 6 to 8 letters has of it, one of these at least. When its first two letters are not left as they were, and
 * its last two are not either, one edit was at either end: a swap across their border, which then is a beginning or an end itself; or it has left
 * everything between. Of six letters those two between are too few for trigrams: then a third letter on one side is left, or the first and the last.
 */
function partsOf(letters: readonly string[], param: Param): string[] {
  const n = letters.length;
  // Letters by their place, from 1; from the end, -1 is the last.
  const at = (...places: number[]) => places.map((place) => letters.at(place > 0 ? place - 1 : place)!).join('');
  const inside = (text: string) => contains(['*', { text }, '*'], param);
  const outer = [begins(at(1, 2), param), ends(at(-2, -1), param), begins(at(1, 3, 2), param), ends(at(-2, -3, -1), param)];
  if (n > 6) return [...outer, inside(letters.slice(2, n - 2).join(''))];
  return [
    ...outer,
    begins(at(2, 1, 3), param),
    ends(at(-3, -1, -2), param),
    inside(at(2, 3, 4)),
    inside(at(3, 4, 5)),
    `${begins(at(1), param)} and ${ends(at(-1), param)}`,
  ];
}

/** For what is wanted with the same pattern. */
function identifierCondition(wanted: readonly Wanted[], param: Param): string {
  const within = ({ pattern }: Wanted, whole: boolean): Piece[] =>
    whole ? ['*', { text: BAR }, ...pattern, { text: BAR }, '*'] : ['*', ...pattern, '*'];
  const widest = within(
    wanted[0]!,
    wanted.every((one) => one.whole),
  );
  const signs = widest.flatMap((piece): Piece[] => {
    if (typeof piece === 'string') return [piece];
    const text = Array.from(piece.text.slice(0, MOST_COMPARED), (c) => SIGNS[c] ?? c).join('');
    return piece.text.length > MOST_COMPARED ? [{ text }, '*'] : [{ text }];
  });
  const each = wanted.map((one) => `kind = ${param(one.kind)} and value like ${param(likeOf(within(one, one.whole)))}`);
  return `translate(value, '@.|-_+', 'qxzjkv') like ${param(likeOf(signs))} and (${each.join(' or ')})`;
}
