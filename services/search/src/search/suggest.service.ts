import { Bus } from '@kontor/bus';
import { getEntries, type InputOf, type OutputOf, type Suggestion, type suggest } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { Completer } from '../dictionary/completer.js';
import { BothIndexes } from '../indexes/both-indexes.js';
import { and, type Filter, is, isIn } from '../indexes/filter.js';
import { MeiliClient } from '../indexes/meili.client.js';
import type { Question } from '../indexes/question.js';
import { escapeHtml } from '../query/match.js';
import { currentTenant } from '../tenant.js';
import { type Entry, entriesOf, NAME_FIELDS } from '../words/entry-fields.js';
import { joinedTokens, wordSpellings, wordsOf } from '../words/words.js';
import { visibleTo } from './search-filters.js';

const MOST_WORDS = 6;
// Of each word being typed so many are looked for that begin with it.
const MOST_BEGUN = 100;

/** Names and companies while somebody types: words that equal or begin with what was typed, all of them in one entry. */
@Injectable()
export class SuggestService {
  constructor(
    private readonly bus: Bus,
    private readonly completer: Completer,
    private readonly meili: MeiliClient,
  ) {}

  async suggest({ q, kind, limit }: InputOf<typeof suggest>): Promise<OutputOf<typeof suggest>> {
    const start = performance.now();
    const tenant = currentTenant();
    const typed = joinedTokens(q).slice(0, MOST_WORDS).map(wordSpellings);
    const suggestions: Suggestion[] = [];
    if (typed.length) {
      const { completions, snapshot } = await this.completer.complete(tenant, typed, NAME_FIELDS, MOST_BEGUN);
      const given = [...visibleTo(tenant), ...(kind ? [is('kind', kind)] : [])];
      // Several contacts can give one company, so more are asked for than are shown.
      const question = (filter: Filter): Question => ({
        filters: [...given, filter],
        sort: { by: 'sortName', order: 'asc' },
        offset: 0,
        limit: 2 * limit,
      });
      const whole = and(...completions.map(({ equal }) => isIn('words', equal)));
      const begins = and(...completions.map(({ equal, longer }) => isIn('words', [...new Set([...equal, ...longer])])));
      const answers = await new BothIndexes(this.meili, snapshot).ask([question(whole), question(begins)]);
      const ids = [...new Set(answers.flatMap(({ hits }) => hits.map(({ id }) => id)))].slice(0, 2 * limit);
      suggestions.push(...distinct((await this.entries(ids)).map((entry) => suggestionOf(entry, typed))).slice(0, limit));
    }
    return { suggestions, tookMs: Math.round(performance.now() - start) };
  }

  /** As the owner says they are now, without those that the agent may not see. */
  private async entries(ids: readonly string[]): Promise<Entry[]> {
    if (!ids.length) return [];
    const found = entriesOf(await this.bus.request(getEntries, { ids: [...ids], records: false }));
    const entries = new Map(found.map((entry) => [entry.id, entry]));
    return ids.flatMap((id) => entries.get(id) ?? []);
  }
}

type Typed = readonly (readonly string[])[];

function suggestionOf(entry: Entry, typed: Typed): Suggestion {
  if (entry.kind === 'customer') return { kind: 'customer', id: entry.id, ...shown(entry.name, typed), detail: null };
  const company = entry.customerName ?? entry.companyName;
  // Who only works at the company that is being typed is not who is looked for.
  if (company && !typed.some((word) => hasWord(entry.displayName, word)) && typed.every((word) => hasWord(company, word)))
    return entry.customerName
      ? { kind: 'customer', id: entry.customerId, ...shown(company, typed), detail: null }
      : { kind: 'company', id: null, ...shown(company, typed), detail: null };
  return { kind: 'contact', id: entry.id, ...shown(entry.displayName, typed), detail: company };
}

const begins = (spellings: readonly string[], word: readonly string[]) =>
  spellings.some((spelling) => word.some((typed) => spelling.startsWith(typed)));
const hasWord = (text: string, word: readonly string[]) => wordsOf(text).some(({ short, long }) => begins([short, ...long], word));

/** With what was typed between `<em>` and `</em>`, as much of each word as has a letter for each letter typed. */
function shown(text: string, typed: Typed): Pick<Suggestion, 'text' | 'highlighted'> {
  let highlighted = '';
  let done = 0;
  for (const { from, to, short, long } of wordsOf(text)) {
    const word = from < done ? undefined : typed.find((one) => begins([short, ...long], one));
    if (!word) continue;
    const same = word.find((one) => short.startsWith(one));
    const end = same && to - from === short.length ? from + same.length : to;
    highlighted += `${escapeHtml(text.slice(done, from))}<em>${escapeHtml(text.slice(from, end))}</em>`;
    done = end;
  }
  return { text, highlighted: highlighted + escapeHtml(text.slice(done)) };
}

/** A customer and the company of a contact can be the same. */
function distinct(suggestions: readonly Suggestion[]): Suggestion[] {
  const seen = new Set<string>();
  return suggestions.filter(({ kind, id, text }) => {
    const key = kind === 'contact' ? (id ?? '') : text.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
