import { setImmediate as letOthersWork } from 'node:timers/promises';
import { AppError, type Bus, serviceContext } from '@kontor/bus';
import { getIndexEntries } from '@kontor/contracts';
import { documentOf, printDocument } from '../indexes/document.js';
import { type Entry, entriesOf, isPresence, nameWord } from '../words/entry-fields.js';
import { type Identifier, identifiersOf } from '../words/identifiers.js';

/** An entry that is to be indexed, and the version that is known of; 0 when none is. */
export interface EntryRef {
  id: string;
  version: number;
}

/** What is to be written of an entry; without a document it is gone. */
export interface EntryWork {
  id: string;
  version: number;
  /** JSON */
  document: string | null;
  identifiers: readonly Identifier[];
  /** The words of its names and companies, in every spelling. */
  names: readonly string[];
}

/** What is to be written for one tenant. */
export interface TenantWork {
  tenant: string;
  entries: EntryWork[];
  terms: Set<string>;
  /** How often words of names stand in a sample of the entries. */
  names: Map<string, number>;
}

// Searches are answered by this process, too, and wait for one answer to be read, or for some documents, but for no more. Nor do entries pile up:
// ten thousand that are read at once and live until the last of them is worked out make the garbage collector stop everything for half a second.
const IDS_AT_ONCE = 250;
const PARTS_AHEAD = 4;
const DOCUMENTS_AT_ONCE = 50;

/** Asks what these entries are now and works out what has to be written; of what is not there any more everything goes. */
export async function readWork(bus: Bus, tenant: string, refs: readonly EntryRef[]): Promise<TenantWork> {
  const gone = new Map<string, number>();
  for (const { id, version } of refs) gone.set(id, Math.max(version, gone.get(id) ?? 0));
  const ids = [...gone.keys()];
  const work: TenantWork = { tenant, entries: [], terms: new Set(), names: new Map() };
  let asked = 0;
  const coming: Promise<Entry[]>[] = [];
  const askAhead = () => {
    for (; asked < ids.length && coming.length < PARTS_AHEAD; asked += IDS_AT_ONCE) {
      const part = fetchEntries(bus, tenant, ids.slice(asked, asked + IDS_AT_ONCE));
      // When one fails nobody waits for those after it any more.
      part.catch(() => undefined);
      coming.push(part);
    }
    return coming.shift();
  };
  for (let part = askAhead(); part; part = askAhead()) {
    for (const [i, entry] of (await part).entries()) {
      if (i % DOCUMENTS_AT_ONCE === DOCUMENTS_AT_ONCE - 1) await letOthersWork();
      addEntry(work, entry);
      gone.delete(entry.id);
    }
  }
  for (const [id, version] of gone) work.entries.push({ id, version, document: null, identifiers: [], names: [] });
  return work;
}

function addEntry(work: TenantWork, entry: Entry): void {
  const document = documentOf(work.tenant, entry);
  const names = nameWords(document.words);
  for (const term of document.words) if (!isPresence(term)) work.terms.add(term);
  if (isSample(entry.id)) for (const word of names) work.names.set(word, (work.names.get(word) ?? 0) + 1);
  const { id, version } = entry;
  work.entries.push({ id, version, document: printDocument(document), identifiers: identifiersOf(entry), names });
}

/** One in sixteen, always the same ones. */
const isSample = (id: string) => id.endsWith('7');

const nameWords = (terms: readonly string[]): string[] => [...new Set(terms.flatMap((term) => nameWord(term) ?? []))];

async function fetchEntries(bus: Bus, tenant: string, ids: readonly string[]): Promise<Entry[]> {
  try {
    return entriesOf(await bus.request(getIndexEntries, { ids: [...ids] }, serviceContext(tenant)));
  } catch (error) {
    // Entries with very long notes: fewer at a time.
    if (!(error instanceof AppError) || error.code !== 'too-large' || ids.length === 1) throw error;
    const half = Math.ceil(ids.length / 2);
    return [...(await fetchEntries(bus, tenant, ids.slice(0, half))), ...(await fetchEntries(bus, tenant, ids.slice(half)))];
  }
}
