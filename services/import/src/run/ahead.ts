/** Gives what `source` gives, and already works on the next while the present one is used. */
export async function* ahead<T>(source: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  const begin = () => {
    const next = source.next();
    // It is awaited in its turn; until then its failure must not count as unhandled.
    next.catch(() => undefined);
    return next;
  };
  let next = begin();
  try {
    for (;;) {
      const { value, done } = await next;
      if (done) return;
      next = begin();
      yield value;
    }
  } finally {
    await source.return();
  }
}
