import { AppError } from '@kontor/bus';

/** What a change of many says of tags. */
export interface BulkChange {
  addTags?: string[];
  removeTags?: string[];
}

const MAX_TAGS = 200;

/** These tags without some and with others at the end, each once; a tag that is added and taken away is there. */
export function tagsAfter(before: readonly string[], add: readonly string[] = [], remove: readonly string[] = []): string[] {
  const tags = [...new Set([...before.filter((tag) => !remove.includes(tag)), ...add])];
  if (tags.length <= MAX_TAGS) return tags;
  const message = `would be ${tags.length} tags; there can be ${MAX_TAGS}`;
  throw new AppError('invalid', `addTags: ${message}`, { errors: [{ path: 'change.addTags', message, code: 'too-many' }] });
}
