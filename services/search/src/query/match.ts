import type { Match, MatchHow } from '@kontor/contracts';
import {
  type Entry,
  type FieldValue,
  fieldLabel,
  fieldsFor,
  ONLY_WHEN_NAMED,
  phraseFields,
  textFields,
  wordsIn,
} from '../words/entry-fields.js';
import { digitsOf, identifierValues } from '../words/identifiers.js';
import { phraseReadings, phraseWords, type Word, wordSpellings } from '../words/words.js';
import { type IdentifierClause, identifierTest, isIdentifierClause, wantedBy } from './identifier-test.js';
import { type Clause, otherwise } from './query.js';
import { type Fit, type WordClause, wordTest } from './word-test.js';

/** Where in a value a clause has matched, and how well. */
interface Place extends FieldValue, Fit {
  from: number;
  to: number;
}

/** Why an entry is a hit: for each clause the value that fits best; clauses that meet in one value share it. */
export function matchesOf(clauses: readonly Clause[], entry: Entry): Match[] {
  const places = clauses.flatMap((clause) => (clause.not ? [] : bestPlaces(clause, entry)));
  const byValue = Map.groupBy(places, ({ field, value }) => `${field}\n${value}`);
  return Array.from(byValue.values(), (same) => {
    const worst = same.reduce((a, b) => (b.level > a.level ? b : a));
    return { field: fieldLabel(worst.field), value: worst.value, highlighted: highlight(worst.value, same), how: worst.how };
  });
}

/** Where the clause fits; where all of its other meaning does, when that fits better. */
function bestPlaces(clause: Clause, entry: Entry): Place[] {
  const own = best(placesOf(clause, entry));
  const meant = otherwise(clause).map((one) => best(placesOf(one, entry)));
  const others = meant.filter((place) => place !== undefined);
  if (!others.length || others.length < meant.length) return own ? [own] : [];
  return own && others.some(({ level }) => level >= own.level) ? [own] : others;
}

/** Whether a clause with a `-` before it excludes an entry: by a plain word only what equals it or begins with it. */
export function fitsClause(clause: Clause, entry: Entry): boolean {
  const place = best(placesOf(clause, entry));
  if (place !== undefined && (clause.kind !== 'word' || place.level <= 1)) return true;
  const others = otherwise(clause);
  return others.length > 0 && others.every((one) => fitsClause(one, entry));
}

const best = (places: readonly Place[]) => places.reduce<Place | undefined>((a, b) => (a && a.level <= b.level ? a : b), undefined);

function placesOf(clause: Clause, entry: Entry): Place[] {
  if (isIdentifierClause(clause)) return identifierPlaces(clause, entry);
  if (clause.kind === 'phrase') return phrasePlaces(clause.text, fieldsOf(clause.field, phraseFields(entry)));
  return wordPlaces(clause, fieldsOf(clause.field, textFields(entry)));
}

const fieldsOf = (field: string | null, values: readonly FieldValue[]) =>
  values.filter((one) => (field === null ? one.field !== ONLY_WHEN_NAMED : fieldsFor(field).includes(one.field)));

function wordPlaces(clause: WordClause, values: readonly FieldValue[]): Place[] {
  const test = wordTest(clause);
  return values.flatMap((one) =>
    wordsIn(one).flatMap((word) => {
      const fits = [test(word.short, false), ...word.long.map((spelling) => test(spelling, true))].filter((fit) => fit !== undefined);
      const [first, ...rest] = fits;
      if (!first) return [];
      const fit = rest.reduce((a, b) => (b.level < a.level ? b : a), first);
      return [{ ...one, ...fit, ...placeIn(word, clause, fit.how) }];
    }),
  );
}

/** The part of a word that was typed, where the word has a letter for each letter of its spelling; else all of it. */
function placeIn(word: Word, clause: WordClause, how: MatchHow): { from: number; to: number } {
  if (clause.kind === 'word' && (how === 'prefix' || how === 'infix') && word.to - word.from === word.short.length)
    for (const typed of wordSpellings(clause.text)) {
      const at = word.short.indexOf(typed);
      if (at >= 0) return { from: word.from + at, to: word.from + at + typed.length };
    }
  return { from: word.from, to: word.to };
}

function phrasePlaces(text: string, values: readonly FieldValue[]): Place[] {
  const wanted = phraseWords(text).map(({ form }) => form);
  return values.flatMap((one) =>
    phraseReadings(one.value).flatMap((words) => {
      const at = words.findIndex((_, i) => wanted.every((form, j) => words[i + j]?.form === form));
      if (at < 0) return [];
      return [{ ...one, level: 0, how: 'phrase' as const, from: words[at]!.from, to: words[at + wanted.length - 1]!.to }];
    }),
  );
}

function identifierPlaces(clause: IdentifierClause, entry: Entry): Place[] {
  const wanted = wantedBy(clause);
  const texts = wanted.flatMap(({ pattern }) => pattern.flatMap((piece) => (typeof piece === 'object' ? [piece.text] : [])));
  const test = identifierTest(wanted);
  const places = identifierValues(entry).flatMap(({ shown, ...identifier }) => {
    const fit = test(identifier);
    return fit ? [{ field: identifier.kind, value: shown, ...fit, ...partOf(shown, texts, identifier.kind === 'phone') }] : [];
  });
  if (clause.kind !== 'digits' || clause.field !== null) return places;
  const digits = digitsOf(clause.text);
  const words = fieldsOf(null, textFields(entry)).flatMap((one) =>
    wordsIn(one)
      .filter(({ short }) => short === digits)
      .map(({ from, to }) => ({ ...one, level: 0, how: 'exact' as const, from, to })),
  );
  return [...places, ...words];
}

/** Where one of the texts stands in a value; in a phone number between whatever separates its digits. All of the value when it stands there in another form. */
function partOf(value: string, texts: readonly string[], digitsOnly: boolean): { from: number; to: number } {
  const seen = Array.from(value.toLowerCase().matchAll(digitsOnly ? /[0-9]/g : /./gsu), ({ 0: sign, index }) => ({ sign, index }));
  const line = seen.map(({ sign }) => sign).join('');
  for (const text of texts) {
    const at = line.lastIndexOf(text);
    if (at >= 0 && line.length === seen.length) return { from: seen[at]!.index, to: seen[at + text.length - 1]!.index + 1 };
  }
  return { from: 0, to: value.length };
}

export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function highlight(value: string, places: readonly Place[]): string {
  let done = 0;
  let html = '';
  for (const { from, to } of places.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    if (from < done) continue;
    html += `${escapeHtml(value.slice(done, from))}<em>${escapeHtml(value.slice(from, to))}</em>`;
    done = to;
  }
  return html + escapeHtml(value.slice(done));
}
