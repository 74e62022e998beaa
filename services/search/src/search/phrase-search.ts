import { MOST_FOUND } from '../dictionary/dictionary-query.js';
import type { BothIndexes } from '../indexes/both-indexes.js';
import { phraseAttribute } from '../indexes/document.js';
import { and, type Filter, isIn } from '../indexes/filter.js';
import type { Phrases } from '../indexes/question.js';
import type { Clause } from '../query/query.js';
import { ONLY_WHEN_NAMED } from '../words/entry-fields.js';
import { phraseLine } from '../words/words.js';
import type { Found } from './plan-query.js';

export interface Phrase {
  place: number;
  text: string;
  attribute: Phrases['attribute'];
  not: boolean;
}

/**
 * Settles what the filter on words leaves open: whether the words of a phrase stand side by side.
 * One question to Meilisearch can look for phrases in one attribute, or in all, and not for their absence. So the wanted phrases of the first
 * attribute go along with the question itself; what else there is, is asked beforehand and becomes ids.
 */
export async function settlePhrases(
  indexes: BothIndexes,
  clauses: readonly Clause[],
  found: readonly Found[],
  given: readonly Filter[],
): Promise<{ found: readonly Found[]; along: Phrases | undefined }> {
  const phrases = clauses.flatMap(phraseOf);
  const first = phrases.find((phrase) => !phrase.not);
  const along = phrases.filter((phrase) => first && !phrase.not && phrase.attribute === first.attribute);
  // Where a word of the phrase is unknown there is nothing to ask.
  const before = phrases.filter((phrase) => !along.includes(phrase) && found[phrase.place]!.levels[0] !== false);
  const settled = [...found];
  await Promise.all(
    before.map(async ({ place, text, attribute }) => {
      const { ids, complete } = await indexes.phrase([...given, and(...found[place]!.levels)], { texts: [text], attribute }, MOST_FOUND);
      settled[place] = { ...found[place]!, levels: [isIn('id', ids)], complete: found[place]!.complete && complete };
    }),
  );
  return { found: settled, along: first && { texts: along.map(({ text }) => text), attribute: first.attribute } };
}

/** A clause as Meilisearch is to see it; a single word is not a phrase: the filter on words is enough. */
export function phraseOf(clause: Clause, place: number): Phrase[] {
  if (clause.kind !== 'phrase') return [];
  const text = phraseLine(clause.text);
  if (!text || clause.field === ONLY_WHEN_NAMED) return [];
  const attribute = clause.field === null ? undefined : phraseAttribute(clause.field);
  return [{ place, text, attribute, not: clause.not }];
}
