// A term is a word with its field before it and a sign between them: `last:muller`, or `last~mueller` for a long spelling.

const endOfMark = (term: string) => term.search(/[:~]/) + 1;
/** The field of a term with the sign after it, as the table has it. */
export const markOf = (term: string): string => term.slice(0, endOfMark(term));
export const wordOf = (term: string): string => term.slice(endOfMark(term));
