const MOST = 50_000;

/** The same function, which keeps what it has worked out for short texts: words, names, cities, titles and tags come again and again. */
export function remembered<T>(work: (text: string) => T, longest = 60): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (text.length > longest) return work(text);
    let result = known.get(text);
    if (result === undefined) {
      result = work(text);
      if (known.size >= MOST) known.clear();
      known.set(text, result);
    }
    return result;
  };
}
