import { AppError } from '@kontor/bus';

/** What a change of many says of tags. */
export interface ManyChange {
  addTags?: string[];
  removeTags?: string[];
}

const MOST = 200;

/** These tags without some and with others at the end, each once; a tag that is added and taken away is there. */
export function tagsAfter(before: readonly string[], add: readonly string[] = [], remove: readonly string[] = []): string[] {
  const tags = [...new Set([...before.filter((tag) => !remove.includes(tag)), ...add])];
  if (tags.length <= MOST) return tags;
  const message = `would be ${tags.length} tags; there can be ${MOST}`;
  throw new AppError('invalid', `addTags: ${message}`, { errors: [{ path: 'change.addTags', message, code: 'too-many' }] });
}
