import { type Answered, MOST_FOUND } from '../dictionary/dictionary-query.js';
import { and, type Filter, isIn, or } from '../indexes/filter.js';
import { type IdentifierClause, identifierTest, isIdentifierClause, wantedBy } from '../query/identifier-test.js';
import type { Clause } from '../query/query.js';
import { type Fit, SOUNDS_ALIKE, type WordClause, wordTestWithoutSounds } from '../query/word-test.js';
import { fieldsFor, isOfName, nameWord, ONLY_WHEN_NAMED, presenceTerm } from '../words/entry-fields.js';
import { type Identifier } from '../words/identifiers.js';
import type { Found } from './plan-query.js';

/** What is known of a clause from the rows of its lookups. The common words of the tenant matter only where there is more than was looked at. */
export function foundFor(clause: Clause, answers: readonly Answered[], common: readonly string[]): Found {
  if (isIdentifierClause(clause)) return identifiersFound(clause, answers);
  if (clause.kind === 'phrase') return phraseFound(clause, answers);
  const all = everything(clause);
  return all === undefined ? wordsFound(clause, answers, common) : { levels: [all], complete: true };
}

/** `*` alone needs no dictionary: it is everybody, those too who have no words; in a field, everybody who has something there. */
function everything(clause: WordClause): Filter | undefined {
  if (clause.kind !== 'pattern' || clause.text !== '*') return undefined;
  return clause.field === null ? true : isIn('words', fieldsFor(clause.field).map(presenceTerm));
}

// When it cannot be all of them, the common ones must do: they find most, and each more takes its time.
const MOST_WHEN_CUT = 2_000;

/** Whether there is more than was looked at. */
export const isCut = ({ rows }: Answered) => rows.length > MOST_FOUND;

function wordsFound(clause: WordClause, answers: readonly Answered[], common: readonly string[]): Found {
  const test = wordTestWithoutSounds(clause);
  const levels: Set<string>[] = [];
  const complete = !answers.some(isCut);
  const most = complete ? MOST_FOUND : MOST_WHEN_CUT;
  let taken = 0;
  const take = (term: string, otherwise?: Fit) => {
    const mark = term.search(/[:~]/);
    const fit = taken < most ? (test(term.slice(mark + 1), term[mark] === '~') ?? otherwise) : undefined;
    if (!fit) return;
    while (levels.length <= fit.level) levels.push(new Set());
    if (!levels[fit.level]!.has(term)) taken++;
    levels[fit.level]!.add(term);
  };
  // Where there are more than can be asked for, the common ones find the most.
  if (!complete) for (const term of common) if (isInField(clause.field, term)) take(term);
  for (const { rows, sounds } of answers) for (const term of rows) take(term, sounds && SOUNDS_ALIKE);
  return {
    ...inWords(
      clause,
      levels.map((terms) => [[...terms]]),
    ),
    complete: complete && taken < most,
  };
}

/** Levels of words, of each of which one must be there; and what of them stands in names and companies, unless the clause says where. */
function inWords({ field }: Clause, levels: readonly (readonly (readonly string[])[])[]): Pick<Found, 'levels' | 'near'> {
  const among = (fits: (term: string) => boolean) => levels.map((each) => and(...each.map((terms) => isIn('words', terms.filter(fits)))));
  const all = among(() => true);
  return field === null ? { levels: all, near: [among(isOfName), among((term) => nameWord(term) !== undefined)] } : { levels: all };
}

function isInField(field: string | null, term: string): boolean {
  const own = term.slice(0, term.search(/[:~]/));
  return field === null ? own !== ONLY_WHEN_NAMED : fieldsFor(field).includes(own);
}

/** Every word of the phrase must be there; that they stand side by side is for Meilisearch to say. */
function phraseFound(clause: Clause, answers: readonly Answered[]): Found {
  return { ...inWords(clause, [answers.map(({ rows }) => rows)]), complete: !answers.some(isCut) };
}

function identifiersFound(clause: IdentifierClause, answers: readonly Answered[]): Found {
  const test = identifierTest(wantedBy(clause));
  const levels: Set<string>[] = [new Set(), new Set(), new Set()];
  for (const { table, rows } of answers)
    for (const row of table === 'identifier' ? rows.slice(0, MOST_FOUND) : []) {
      const [entry = '', kind = '', value = ''] = row.split(' ');
      const fit = test({ kind: kind as Identifier['kind'], value });
      if (fit) levels[fit.level]!.add(entry);
    }
  const words = answers.flatMap(({ table, rows }) => (table === 'word' ? rows : []));
  const filters = levels.map((ids) => isIn('id', [...ids]));
  return { levels: [or(filters[0]!, isIn('words', words)), ...filters.slice(1)], complete: !answers.some(isCut) };
}
