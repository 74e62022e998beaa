// Queries made from people who are there, and what is meant by them. The same seed gives the same queries.
import type { BruteForce, Meant } from './brute-force.js';
import type { Random } from './random.js';
import {
  alikeFrom,
  emailPart,
  emailPattern,
  inField,
  patternFrom,
  phonePart,
  phraseFrom,
  plainFrom,
  type Source,
} from './random-clauses.js';

export interface RandomQuery {
  q: string;
  meant: Meant[];
}

/** Writes clauses as they are typed. */
export const print = (clauses: readonly Meant[]): string => clauses.map(printOne).join(' ');
function printOne({ kind, text, edits, field, not }: Meant): string {
  const head = `${not ? '-' : ''}${field === undefined ? '' : `${field}:`}`;
  if (kind === 'phrase') return `${head}"${text.replace(/["\\]/g, '\\$&')}"`;
  return head + text + (kind === 'alike' ? `~${edits ?? ''}` : '');
}

type Make = (from: Source) => Meant[] | undefined;

/** What must be found exactly, and how a query of it is made; nothing is given when this person has nothing to make it from. */
const kinds = {
  'wildcards ?': (from) => one(patternFrom(from, ['?'])),
  'wildcards *': (from) => one(patternFrom(from, ['*'])),
  'wildcards ? and *': (from) => one(patternFrom(from, ['?', '*'])),
  'phone parts': (from) => one(phonePart(from)),
  'e-mail parts': (from) => one(emailPart(from)),
  'e-mails with wildcards': (from) => one(emailPattern(from)),
  phrases: (from) => one(phraseFrom(from)),
  'alike ~': (from) => one(alikeFrom(from)),
  'plain words': (from) => {
    const words = [plainFrom(from), from.chance(0.3) ? plainFrom(from) : undefined].filter((word) => word !== undefined);
    return words.length ? words : undefined;
  },
  exclusions: (from) => {
    const out = anyOf(from, [plainFrom, plainFrom, alikeFrom, phraseFrom, phonePart, emailPart]);
    const wanted = from.chance(0.8) ? anyOf(from, [plainFrom, emailPart]) : undefined;
    return out && [...(wanted ? [wanted] : []), { ...out, not: true }];
  },
  'field clauses': (from) => one(inField(from)),
  combinations: (from) => {
    const makers = [plainFrom, onePattern, phonePart, emailPart, phraseFrom, alikeFrom, inField];
    const chosen = new Set(Array.from({ length: 2 + from.int(2) }, () => from.pick(makers)));
    const made = Array.from(chosen, (make) => make(from)).filter((meant) => meant !== undefined);
    // Numbers side by side would be one number.
    return made.length > 1 && made.filter(({ kind }) => kind === 'digits').length < 2 ? made : undefined;
  },
} satisfies Record<string, Make>;

export type Kind = keyof typeof kinds;
export const KINDS = Object.keys(kinds) as Kind[];

/** A query of this kind. */
export function aQuery(kind: Kind, model: BruteForce, random: Random): RandomQuery {
  for (;;) {
    const meant = kinds[kind]({ ...random, model, person: random.pick(model.people) });
    if (!meant) continue;
    const q = print(meant);
    if (q.length <= 512) return { q, meant };
  }
}

const one = (meant: Meant | undefined) => meant && [meant];
const onePattern = (from: Source) => patternFrom(from, from.pick([['?'], ['*'], ['?', '*']]));
const anyOf = (from: Source, makers: ((from: Source) => Meant | undefined)[]) => from.pick(makers)(from);
