// Small makers of files for specs and tests.

/** The bytes in chunks of the given size, as a network brings them. */
export async function* chunks(content: string | Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A table as the strictest CSV: every cell in quotes. */
export const toCsv = (table: readonly (readonly string[])[], delimiter = ',', newline = '\n') =>
  table.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(delimiter) + newline).join('');

export async function collect<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
