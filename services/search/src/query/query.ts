import { fieldLabel } from '../words/entry-fields.js';

/**
 * A query is a list of clauses that must all hold; `not` turns one round. `at` is where it begins in what was typed.
 * `text` has lost its escapes: in a word and a phrase every character is itself; in a pattern `*` and `?` always stand for others.
 */
export type Clause = { at: number; not: boolean; field: string | null } & Meaning;
/** `or`: what the same characters may mean as well, and then all of these must hold. A dotted name may be an address or words, digits a number or text. */
export type Meaning = Term & { or?: readonly Term[] };
export type Term =
  | { kind: 'word'; text: string }
  | { kind: 'pattern'; text: string }
  | { kind: 'phrase'; text: string }
  | { kind: 'digits'; text: string }
  | { kind: 'alike'; text: string; edits: number }
  /** E-mails and codes may hold `*` and `?` of their own, so what stands for other characters is kept apart. */
  | { kind: 'email'; pattern: readonly Piece[] }
  | { kind: 'code'; pattern: readonly Piece[] };

/** A part of a pattern: characters that stand for themselves, or one of the two that stand for others. */
export type Piece = { text: string } | '*' | '?';

/** The query cannot be read; `at` is the place in it, counted from 0. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/** The other meaning of a clause, as clauses of their own. */
export const otherwise = ({ at, field, or = [] }: Clause): Clause[] => or.map((term) => ({ at, not: false, field, ...term }));

/** Takes every meaning from a text, so that it is looked for as it stands: each word of it, whatever signs are in it. */
export const escapeText = (text: string): string => text.replace(/[^\p{L}\p{M}\s]/gu, '\\$&');

/** Writes a query that is read as these same clauses. */
export const printQuery = (clauses: readonly Clause[]): string => clauses.map(printClause).join(' ');

function printClause(clause: Clause): string {
  const head = `${clause.not ? '-' : ''}${clause.field === null ? '' : `${fieldLabel(clause.field)}:`}`;
  switch (clause.kind) {
    case 'phrase':
      return `${head}"${clause.text.replace(/["\\]/g, '\\$&')}"`;
    case 'digits':
      return head + clause.text;
    case 'pattern':
      return head + clause.text.replace(/[^\p{L}\p{M}*?]/gu, '\\$&');
    case 'alike':
      return `${head}${escapeText(clause.text)}~${clause.edits}`;
    case 'word':
      return head + escapeText(clause.text);
    default:
      return head + clause.pattern.map(printPiece).join('');
  }
}

// The dots and the @ must keep their meaning: they distinguish an e-mail from a word.
const printPiece = (piece: Piece) => (typeof piece === 'string' ? piece : piece.text.replace(/[\\"*?~:\s]|^-/g, '\\$&'));
