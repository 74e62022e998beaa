import type { Explanation } from '@kontor/contracts';
import { isIdentifierClause, wantedBy } from '../query/identifier-test.js';
import { likeOf } from '../query/pattern.js';
import { type Clause, otherwise } from '../query/query.js';
import { patternSpellings } from '../query/word-test.js';
import { digitsOf } from '../words/identifiers.js';
import { phraseLine, wordSpellings } from '../words/words.js';
import type { ResolvedQuery } from './query-resolver.js';

/** How the clauses were understood. What the dictionary has can come from entries that the caller may not see, so only admins see how much that is. */
export const explainClauses = ({ clauses, answers, found }: ResolvedQuery, admin: boolean): Explanation['clauses'] =>
  clauses.map((clause, i) => ({
    at: clause.at,
    kind: clause.kind,
    not: clause.not,
    field: clause.field,
    looksFor: [...new Set([clause, ...otherwise(clause)].flatMap(looksFor))],
    ...(admin && { found: new Set(answers[i]!.flatMap(({ rows }) => rows)).size }),
    complete: found[i]!.complete,
  }));

/** In patterns `%` stands for any number of characters and `_` for one, as the dictionary is asked. */
function looksFor(clause: Clause): string[] {
  if (clause.kind === 'digits') return [...new Set([...wantedBy(clause).map(({ pattern }) => likeOf(pattern)), digitsOf(clause.text)])];
  if (isIdentifierClause(clause)) return wantedBy(clause).map(({ pattern }) => likeOf(pattern));
  if (clause.kind === 'pattern') return patternSpellings(clause.text).map(likeOf);
  if (clause.kind === 'phrase') return [phraseLine(clause.text) || (wordSpellings(clause.text)[0] ?? '')];
  return wordSpellings(clause.text);
}
