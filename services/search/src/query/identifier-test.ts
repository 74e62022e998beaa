import { bareCode, dialled, digitsOf, formsOf, type Identifier, type IdentifierKind, NO_PART } from '../words/identifiers.js';
import { fold } from '../words/words.js';
import { patternTest, respell } from './pattern.js';
import type { Clause, Piece } from './query.js';
import type { Fit } from './word-test.js';

export type IdentifierClause = Extract<Clause, { kind: 'digits' | 'email' | 'code' }>;
export const isIdentifierClause = (clause: Clause): clause is IdentifierClause =>
  clause.kind === 'digits' || clause.kind === 'email' || clause.kind === 'code';

/** What a clause looks for among identifiers: a form's spelling in one of these patterns, anywhere in it or, `whole`, all of it. */
export interface Wanted {
  kind: IdentifierKind;
  pattern: readonly Piece[];
  whole: boolean;
}

export function wantedBy(clause: IdentifierClause): Wanted[] {
  if (clause.kind === 'digits') {
    const number = dialled(clause.text);
    const wanted: Wanted[] =
      digitsOf(clause.text).length >= 3 || clause.field === 'phone' ? [{ kind: 'phone', pattern: [{ text: number }], whole: false }] : [];
    // Codes are looked for by parts only where the query says so.
    if (clause.field === null) wanted.push({ kind: 'code', pattern: [{ text: digitsOf(clause.text) }], whole: true });
    return wanted;
  }
  const { kind, pattern } = clause;
  const clean = kind === 'code' ? bareCode : (text: string) => text.replace(NO_PART, '');
  const ways = [
    (text: string) => fold(text).short,
    (text: string) => fold(text).long[0] ?? fold(text).short,
    (text: string) => fold(text).long.at(-1) ?? fold(text).short,
  ];
  const spelled = ways.map((way) => respell(pattern, (text) => clean(way(text))));
  // What had signs only has nothing left to look for.
  const patterns = spelled.map((one) => one.filter((piece) => typeof piece === 'string' || piece.text)).filter((one) => one.length);
  const distinct = [...new Map(patterns.map((one) => [JSON.stringify(one), one])).values()];
  return distinct.map((one) => ({ kind, pattern: one, whole: one.some((piece) => typeof piece === 'string') }));
}

/** Says how an identifier matches: whole, then its end for phones and its start for others, then any part. */
export function identifierTest(wanted: readonly Wanted[]): (identifier: Identifier) => Fit | undefined {
  const tests = wanted.map((one) => ({ one, isWhole: patternTest(one.pattern) }));
  return ({ kind, value }) => {
    let best: Fit | undefined;
    for (const { one, isWhole } of tests) {
      if (one.kind !== kind) continue;
      for (const form of formsOf(value)) {
        const level = levelOf(one, isWhole, form);
        if (level !== undefined && level < (best?.level ?? 3)) best = { level, how: kind };
      }
    }
    return best;
  };
}

function levelOf({ kind, pattern, whole }: Wanted, isWhole: (form: string) => boolean, form: string): number | undefined {
  if (isWhole(form)) return 0;
  const [text] = pattern;
  if (whole || typeof text !== 'object' || !form.includes(text.text)) return undefined;
  return (kind === 'phone' ? form.endsWith(text.text) : form.startsWith(text.text)) ? 1 : 2;
}
