import { type Lookup, MOST_FOUND } from './dictionary-query.js';
import { fieldsFor, longTerm, ONLY_WHEN_NAMED, shortTerm } from './entry-fields.js';
import { and, type Filter, isFilled, isIn, or, startsWith } from './filter.js';
import { type Identifier, type IdentifierClause, identifierFit, isIdentifierClause, wantedBy } from './identifiers.js';
import type { Found } from './plan-query.js';
import type { Clause } from './query.js';
import { type WordClause, wordTest } from './word-test.js';

/** A lookup with what it gave: terms like `last:muller`, or for identifiers `<entry> <kind> <value>`. */
export type Answered = Lookup & { rows: readonly string[] };

/** What is known of a clause from the rows of its lookups. `fields` are those that the tenant has words in; they matter only where there is more than was looked at. */
export function foundFor(clause: Clause, answers: readonly Answered[], fields: readonly string[]): Found {
  if (isIdentifierClause(clause)) return identifiersFound(clause, answers);
  if (clause.kind === 'phrase') return phraseFound(answers);
  const all = everything(clause);
  return all === undefined ? wordsFound(clause, answers, fields) : { levels: [all], complete: true };
}

/** `*` alone needs no dictionary. */
function everything(clause: WordClause): Filter | undefined {
  if (clause.kind !== 'pattern' || clause.text !== '*') return undefined;
  return clause.field === null
    ? isFilled('words')
    : or(...fieldsFor(clause.field).map((field) => startsWith('words', shortTerm(field, ''))));
}

/** Whether there is more than was looked at. */
export const isCut = ({ rows }: Answered) => rows.length > MOST_FOUND;

function wordsFound(clause: WordClause, answers: readonly Answered[], fields: readonly string[]): Found {
  const test = wordTest(clause);
  const levels: Set<string>[] = [];
  for (const { rows } of answers)
    for (const term of rows.slice(0, MOST_FOUND)) {
      const mark = term.search(/[:~]/);
      const fit = test(term.slice(mark + 1), term[mark] === '~');
      if (!fit) continue;
      while (levels.length <= fit.level) levels.push(new Set());
      levels[fit.level]!.add(term);
    }
  const filters = levels.map((terms) => isIn('words', [...terms]));
  const among = clause.field === null ? fields.filter((field) => field !== ONLY_WHEN_NAMED) : fieldsFor(clause.field);
  const begin = answers.filter((answer) => answer.beginning !== undefined && isCut(answer));
  for (const { beginning } of begin) {
    const starts = among.flatMap((field) =>
      [shortTerm(field, beginning!), longTerm(field, beginning!)].map((text) => startsWith('words', text)),
    );
    const level = clause.kind === 'word' ? 1 : 0;
    while (filters.length <= level) filters.push(false);
    filters[level] = or(filters[level]!, ...starts);
  }
  return { levels: filters, complete: answers.every((answer) => !isCut(answer) || begin.includes(answer)) };
}

/** Every word of the phrase must be there; that they stand side by side is for Meilisearch to say. */
function phraseFound(answers: readonly Answered[]): Found {
  const words = answers.map(({ rows }) => isIn('words', rows));
  return { levels: [and(...words)], complete: !answers.some(isCut) };
}

function identifiersFound(clause: IdentifierClause, answers: readonly Answered[]): Found {
  const wanted = wantedBy(clause);
  const levels: Set<string>[] = [new Set(), new Set(), new Set()];
  for (const { table, rows } of answers)
    for (const row of table === 'identifier' ? rows.slice(0, MOST_FOUND) : []) {
      const [entry = '', kind = '', value = ''] = row.split(' ');
      const fit = identifierFit(wanted, { kind: kind as Identifier['kind'], value });
      if (fit) levels[fit.level]!.add(entry);
    }
  const words = answers.flatMap(({ table, rows }) => (table === 'word' ? rows : []));
  const filters = levels.map((ids) => isIn('id', [...ids]));
  return { levels: [or(filters[0]!, isIn('words', words)), ...filters.slice(1)], complete: !answers.some(isCut) };
}
