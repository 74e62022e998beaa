import { LRUCache } from 'lru-cache';

const MOST = 50_000;

/** The same function, which keeps what it has worked out for short texts: words, names, cities, titles and tags come again and again. */
export function remembered<T extends NonNullable<unknown>>(work: (text: string) => T, longest = 60): (text: string) => T {
  const known = new LRUCache<string, T>({ max: MOST });
  return (text) => {
    if (text.length > longest) return work(text);
    let result = known.get(text);
    if (result === undefined) {
      result = work(text);
      known.set(text, result);
    }
    return result;
  };
}
