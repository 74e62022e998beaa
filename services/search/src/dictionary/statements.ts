import type { Query } from '@kontor/database';
import { asciiForm } from '../query/pattern.js';
import { letterBits } from '../words/edit-distance.js';
import type { Identifier } from '../words/identifiers.js';
import { soundsOf } from '../words/sounds.js';
import { markOf, wordOf } from './term.js';

/** The identifiers of an entry as it is now. */
export interface Identified {
  id: string;
  identifiers: readonly Identifier[];
  names: readonly string[];
}

// Others wait for a word that is being written only until its statement ends.
const WORDS_AT_ONCE = 2_000;

export async function insertWords(query: Query, tenant: string, terms: readonly string[]): Promise<void> {
  const words = terms.map((term) => ({ field: markOf(term), word: wordOf(term) }));
  // In the order of the index, which then is written page by page.
  words.sort((a, b) => (a.word < b.word ? -1 : 1));
  for (let from = 0; from < words.length; from += WORDS_AT_ONCE) {
    const some = words.slice(from, from + WORDS_AT_ONCE);
    await query(
      `insert into word (tenant_id, word, field, length, letters, sounds, parts)
       select $1, word, field, length, letters, string_to_array(sounds, ' '), nullif(parts, word)
       from unnest($2::text[], $3::text[], $4::smallint[], $5::integer[], $6::text[], $7::text[]) as new (word, field, length, letters, sounds, parts)
       on conflict do nothing`,
      [
        tenant,
        some.map(({ word }) => word),
        some.map(({ field }) => field),
        some.map(({ word }) => [...word].length),
        some.map(({ word }) => letterBits(word)),
        some.map(({ word }) => soundsOf(word).join(' ')),
        some.map(({ word }) => asciiForm(word)),
      ],
    );
  }
  const fields = [...new Set(words.map(({ field }) => field.slice(0, -1)))];
  await query('insert into field (tenant_id, field) select $1, unnest($2::text[]) on conflict do nothing', [tenant, fields]);
}

export async function replaceNames(query: Query, tenant: string, entries: readonly Identified[]): Promise<void> {
  const [gone, named] = [entries.filter(({ names }) => !names.length), entries.filter(({ names }) => names.length)];
  if (gone.length)
    await query('delete from entry_name where tenant_id = $1 and entry_id = any($2::uuid[])', [tenant, gone.map(({ id }) => id)]);
  // Words have no spaces.
  await query(
    `insert into entry_name (tenant_id, entry_id, words)
     select $1, id, string_to_array(words, ' ') from unnest($2::uuid[], $3::text[]) as new (id, words)
     on conflict (tenant_id, entry_id) do update set words = excluded.words where entry_name.words <> excluded.words`,
    [tenant, named.map(({ id }) => id), named.map(({ names }) => names.join(' '))],
  );
}

export async function replaceIdentifiers(query: Query, tenant: string, entries: readonly Identified[]): Promise<void> {
  const rows = entries.flatMap(({ id, identifiers }) => identifiers.map((one) => ({ id, ...one })));
  const columns = [rows.map(({ id }) => id), rows.map(({ kind }) => kind), rows.map(({ value }) => value)];
  await query(
    `delete from identifier as old where tenant_id = $1 and entry_id = any($2::uuid[])
       and not exists (select from unnest($3::uuid[], $4::text[], $5::text[]) as new (id, kind, value)
                       where new.id = old.entry_id and new.kind = old.kind and new.value = old.value)`,
    [tenant, entries.map(({ id }) => id), ...columns],
  );
  await query(
    `insert into identifier (tenant_id, entry_id, kind, value)
     select $1, id, kind, value from unnest($2::uuid[], $3::text[], $4::text[]) as new (id, kind, value)
     where not exists (select from identifier as old where old.tenant_id = $1 and old.entry_id = new.id and old.kind = new.kind and old.value = new.value)`,
    [tenant, ...columns],
  );
}
