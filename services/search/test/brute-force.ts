// Finds people by looking at everybody: what search has to answer, worked out the slow way. Not quite slow: each different word is looked at once.
import { dialled, identifiersOf, looksIn, type Person, phraseTextsOf, textsOf, unique, withoutSigns } from './brute-force-texts.js';
import { edits, isChinese, sideBySide, sounds, spotsIn, typedWays, ways, withoutJoints, wordsIn } from './brute-force-words.js';
import { Lines } from './lines.js';

/** A clause as it is meant; how it is written is for `print` in random-queries.ts. Wildcards stand in the text of patterns, e-mails and codes. */
export interface Meant {
  kind: 'word' | 'pattern' | 'phrase' | 'alike' | 'digits' | 'email' | 'code';
  text: string;
  edits?: number;
  field?: string;
  not?: boolean;
}

/** How well each person fits, by their place in the list: 0 is best. */
export type Levels = Uint8Array;
export const NOT_FOUND = 255;

interface Word {
  spellings: string[];
  /** The places of the people who have it, by field. */
  people: Map<string, number[]>;
}
/** A text of several words, and who has it. */
interface Text {
  field: string;
  words: Word[];
  people: number[];
}
type Take = (person: number, level: number) => void;

export class BruteForce {
  readonly people: readonly Person[];
  readonly placeOf: ReadonlyMap<string, number>;
  readonly words: Word[] = [];
  private readonly wordOf = new Map<string, Word>();
  private readonly soundingLike = new Map<string, Word[]>();
  private readonly textOf = new Map<string, Text>();
  private readonly textsWith = new Map<Word, Set<Text>>();
  private readonly short: Lines<Word>;
  private readonly long: Lines<Word>;
  private readonly identifiers: Record<'phone' | 'email' | 'code', Lines<number>>;

  constructor(people: readonly Person[]) {
    this.people = people;
    this.placeOf = new Map(people.map(({ id }, place) => [id, place]));
    const forms: Record<'phone' | 'email' | 'code', [string, number][]> = { phone: [], email: [], code: [] };
    for (const [place, person] of people.entries()) {
      for (const [field, text] of textsOf(person)) for (const word of wordsIn(text)) note(this.word(word), field, place);
      for (const [field, text] of phraseTextsOf(person)) this.noteText(field, text, place);
      for (const one of identifiersOf(person)) for (const form of one.forms) forms[one.kind].push([form, place]);
    }
    this.short = new Lines(this.words.map((word) => [word.spellings[0]!, word]));
    this.long = new Lines(this.words.flatMap((word) => word.spellings.slice(1).map((spelling): [string, Word] => [spelling, word])));
    this.identifiers = { phone: new Lines(forms.phone), email: new Lines(forms.email), code: new Lines(forms.code) };
  }

  /** Everybody who fits all of the clauses; a person's level is that of their worst clause. */
  find(clauses: readonly Meant[]): Levels {
    const all = new Uint8Array(this.people.length);
    for (const clause of clauses) {
      const one = this.levels(clause);
      // A plain word excludes what equals it or begins with it, anything else all that it finds.
      const worst = clause.kind === 'word' && clause.not ? 1 : NOT_FOUND - 1;
      for (let i = 0; i < all.length; i++) {
        if (clause.not ? one[i]! <= worst : one[i]! > worst) all[i] = NOT_FOUND;
        else if (!clause.not && one[i]! > all[i]!) all[i] = one[i]!;
      }
    }
    return all;
  }

  private levels(clause: Meant): Levels {
    const levels = new Uint8Array(this.people.length).fill(NOT_FOUND);
    const take: Take = (person, level) => {
      if (level < levels[person]!) levels[person] = level;
    };
    const takeWord = (word: Word, level: number) => {
      for (const [field, people] of word.people) if (looksIn(clause.field, field)) for (const person of people) take(person, level);
    };
    if (clause.kind === 'pattern' && clause.text === '*' && clause.field === undefined) levels.fill(0);
    else if (clause.kind === 'pattern') this.pattern(clause, takeWord);
    else if (clause.kind === 'alike') this.alike(clause, takeWord);
    else if (clause.kind === 'word') this.plain(clause, takeWord);
    else if (clause.kind === 'phrase') this.phrase(clause, take, takeWord);
    else this.identifier(clause, take, takeWord);
    const others = otherMeaning(clause);
    const found = others.map((one) => this.levels(one));
    if (others.length)
      for (let person = 0; person < levels.length; person++) {
        const worst = Math.max(...found.map((one) => one[person]!));
        // To exclude is not to exclude what only contains a word, or is a slip away from it.
        if (clause.not ? found.every((one, i) => one[person]! <= (others[i]!.kind === 'word' ? 1 : NOT_FOUND - 1)) : worst < NOT_FOUND)
          take(person, clause.not ? 0 : worst);
      }
    return levels;
  }

  private plain({ text }: Meant, takeWord: (word: Word, level: number) => void): void {
    const wanted = spellingsOf(text);
    const letters = [...wanted[0]!].length;
    for (const lines of [this.short, this.long])
      for (const one of wanted)
        for (const { line, of } of letters < 3 ? lines.beginningWith(one) : lines.containing(one))
          takeWord(of, line === one ? 0 : line.startsWith(one) ? 1 : 2);
    const slips = letters >= 9 ? 2 : letters >= 5 ? 1 : 0;
    if (slips) this.near(wanted, slips, (word) => takeWord(word, 3));
  }

  private pattern({ text }: Meant, takeWord: (word: Word, level: number) => void): void {
    const ofLetters = text.includes('?');
    const wanted = spellingsOf(text);
    for (const lines of ofLetters ? [this.short] : [this.short, this.long])
      for (const one of ofLetters ? wanted.slice(0, 1) : wanted) for (const { of } of lines.matching(one)) takeWord(of, 0);
  }

  private alike({ text, edits: given }: Meant, takeWord: (word: Word, level: number) => void): void {
    const wanted = spellingsOf(text);
    const letters = [...wanted[0]!].length;
    this.near(wanted, given ?? (letters >= 6 ? 2 : letters >= 3 ? 1 : 0), takeWord);
    for (const code of sounds(wanted)) for (const word of this.soundingLike.get(code) ?? []) takeWord(word, 3);
  }

  private near(wanted: readonly string[], most: number, takeWord: (word: Word, distance: number) => void): void {
    for (const lines of [this.short, this.long])
      for (const one of wanted)
        for (const { line, of } of lines.near(one, most)) {
          const distance = edits(one, line, most);
          if (distance <= most) takeWord(of, distance);
        }
  }

  private phrase({ text, field }: Meant, take: Take, takeWord: (word: Word, level: number) => void): void {
    const spots = spotsIn(text);
    // Chinese written in one piece is one word.
    const wanted = (spots.length === 1 && isChinese(spots[0]!.text) ? [text] : sideBySide(text)).map(spellingsOf);
    const starts = this.equalTo(wanted[0]!);
    if (wanted.length === 1) for (const word of starts) takeWord(word, 0);
    const same = (word: Word | undefined, spellings: readonly string[]) => !!word && spellings.some((one) => word.spellings.includes(one));
    for (const one of wanted.length > 1 ? starts.flatMap((word) => [...(this.textsWith.get(word) ?? [])]) : [])
      if (looksIn(field, one.field) && one.words.some((_, i) => wanted.every((spellings, j) => same(one.words[i + j], spellings))))
        for (const person of one.people) take(person, 0);
  }

  private identifier({ kind, text, field }: Meant, take: Take, takeWord: (word: Word, level: number) => void): void {
    const lines = this.identifiers[kind === 'email' || kind === 'code' ? kind : 'phone'];
    const wild = /[*?]/.test(text);
    const wanted = kind === 'digits' ? [dialled(text)] : unique(ways(kind === 'code' ? withoutSigns(text) : text));
    for (const one of wanted)
      for (const { line, of } of wild ? lines.matching(one) : lines.containing(one)) {
        const better = kind === 'digits' ? line.endsWith(one) : line.startsWith(one);
        take(of, wild || line === one ? 0 : better ? 1 : 2);
      }
    if (kind !== 'digits' || field !== undefined) return;
    const digits = text.replace(/[^0-9]/g, '');
    for (const { line, of } of this.identifiers.code.beginningWith(digits)) if (line === digits) take(of, 0);
    for (const word of this.equalTo([digits])) takeWord(word, 0);
  }

  private equalTo(wanted: readonly string[]): Word[] {
    const found = new Set<Word>();
    for (const lines of [this.short, this.long])
      for (const one of wanted) for (const { line, of } of lines.beginningWith(one)) if (line === one) found.add(of);
    return [...found];
  }

  private word(text: string): Word {
    const key = text.toLowerCase();
    const known = this.wordOf.get(key);
    if (known) return known;
    const spellings = unique(ways(text));
    const word = { spellings, people: new Map() };
    for (const code of sounds(spellings)) add(this.soundingLike, code, word);
    this.wordOf.set(key, word);
    this.words.push(word);
    return word;
  }

  private noteText(field: string, text: string, person: number): void {
    for (const line of typedWays(text)) this.noteLine(field, line, person);
  }

  private noteLine(field: string, line: readonly string[], person: number): void {
    const words = line.map((word) => this.word(word));
    if (words.length < 2) return;
    const key = `${field}:${line.join(' ')}`;
    const noted = this.textOf.get(key) ?? { field, words, people: [] };
    noted.people.push(person);
    this.textOf.set(key, noted);
    for (const word of words) this.textsWith.set(word, (this.textsWith.get(word) ?? new Set()).add(noted));
  }
}

/** What has dots may be words beside an address, and groups of digits may be words of a text beside a number. */
function otherMeaning({ kind, text, field }: Meant): Meant[] {
  if (field !== undefined) return [];
  if (kind === 'digits') {
    const groups = text.split(/[^0-9]+/).filter(Boolean);
    return groups.length > 1 ? groups.map((group) => ({ kind: 'phrase', text: group })) : [];
  }
  if (kind !== 'email' || text.includes('@')) return [];
  return text
    .split('.')
    .flatMap((part): Meant[] =>
      /[*?]/.test(part)
        ? [{ kind: 'pattern', text: withoutJoints(part) }]
        : spotsIn(part).map((spot) => ({ kind: 'word', text: spot.text })),
    );
}

const spellingsOf = (text: string) => unique(ways(withoutJoints(text)));

function note(word: Word, field: string, person: number): void {
  if (word.people.get(field)?.at(-1) !== person) add(word.people, field, person);
}

function add<T>(lists: Map<string, T[]>, key: string, one: T): void {
  const list = lists.get(key);
  if (list) list.push(one);
  else lists.set(key, [one]);
}
