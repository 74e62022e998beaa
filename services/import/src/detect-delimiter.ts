const candidates = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof candidates)[number];

/** How often each candidate stands outside quotes, for each of the first records. */
function countByRecord(sample: string, most: number): number[][] {
  const records: number[][] = [];
  let counts = candidates.map(() => 0);
  let quoted = false;
  let blank = true;
  for (const char of sample) {
    if (char === '"') quoted = !quoted;
    if (!quoted && (char === '\n' || char === '\r')) {
      if (!blank) records.push(counts);
      if (records.length === most) return records;
      counts = candidates.map(() => 0);
      blank = true;
      continue;
    }
    blank = false;
    const which = quoted ? -1 : candidates.indexOf(char as Delimiter);
    if (which !== -1) counts[which]!++;
  }
  // The sample may end within a record; only a header alone is better than nothing.
  return records.length ? records : [counts];
}

/** The delimiter that the header has and that the records after it have as often; a comma when nothing speaks for another. */
export function detectDelimiter(sample: string): Delimiter {
  const [header = [], ...others] = countByRecord(sample, 20);
  let best: { delimiter: Delimiter; agree: number; count: number } | undefined;
  candidates.forEach((delimiter, which) => {
    const count = header[which] ?? 0;
    if (count === 0) return;
    const agree = others.filter((record) => record[which] === count).length;
    if (!best || agree > best.agree || (agree === best.agree && count > best.count)) best = { delimiter, agree, count };
  });
  return best?.delimiter ?? ',';
}
