import { AppError } from '@kontor/bus';

/** The tag changes of a bulk edit. */
export interface BulkChange {
  addTags?: string[];
  removeTags?: string[];
}

const MAX_TAGS = 200;

/** Removes and appends tags, without duplicates. A tag that is both added and removed is kept. */
export function tagsAfter(before: readonly string[], add: readonly string[] = [], remove: readonly string[] = []): string[] {
  const tags = [...new Set([...before.filter((tag) => !remove.includes(tag)), ...add])];
  if (tags.length <= MAX_TAGS) return tags;
  const message = `would give ${tags.length} tags; at most ${MAX_TAGS} are allowed`;
  throw new AppError('invalid', `addTags: ${message}`, { errors: [{ path: 'change.addTags', message, code: 'too-many' }] });
}
