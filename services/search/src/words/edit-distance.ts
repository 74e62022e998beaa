// Thousands of words are compared for one clause: what is needed for that is made once, and grows with the longest word.
let room = Array.from({ length: 5 }, () => new Uint32Array(64));

/** Writes the letters of a word into the room and says how many they are. */
function lettersOf(word: string, place: 0 | 1): number {
  if (word.length >= room[0]!.length) room = room.map((old) => Object.assign(new Uint32Array(2 * word.length), old));
  const letters = room[place]!;
  let n = 0;
  for (let at = 0; at < word.length; n++) {
    const letter = word.codePointAt(at)!;
    letters[n] = letter;
    at += letter > 0xff_ff ? 2 : 1;
  }
  return n;
}

/**
 * The fewest letters to insert, delete, replace or swap with their neighbour that turn one word into the other, no place edited twice
 * (optimal string alignment); anything above `most` is answered as `most + 1`.
 */
export function editDistance(a: string, b: string, most: number): number {
  if (a === b) return 0;
  // What both begin and end with costs no edit.
  let [n, m, from] = [lettersOf(a, 0), lettersOf(b, 1), 0];
  if (Math.abs(n - m) > most) return most + 1;
  const [left, right, ...rows] = room;
  while (n > 0 && m > 0 && left![n - 1] === right![m - 1]) {
    n--;
    m--;
  }
  while (from < n && from < m && left![from] === right![from]) from++;
  n -= from;
  m -= from;
  if (!n || !m) return Math.min(n + m, most + 1);
  const limit = most + 1;
  let [before, above, row] = rows as [Uint32Array, Uint32Array, Uint32Array];
  for (let j = 0; j <= m; j++) above[j] = j;
  let leastAbove = 0;
  for (let i = 1; i <= n; i++) {
    // Further from the diagonal than the limit nothing can be within it.
    const [start, end] = [Math.max(1, i - most), Math.min(m, i + most)];
    row[start - 1] = start === 1 ? i : limit;
    if (end === i + most) above[end] = limit;
    let least = row[start - 1]!;
    const letter = left![from + i - 1];
    for (let j = start; j <= end; j++) {
      const other = right![from + j - 1];
      let edits = above[j - 1]! + (letter === other ? 0 : 1);
      if (above[j]! < edits) edits = above[j]! + 1;
      if (row[j - 1]! < edits) edits = row[j - 1]! + 1;
      const isSwap = i > 1 && j > 1 && letter === right![from + j - 2] && left![from + i - 2] === other;
      if (isSwap && before[j - 2]! < edits) edits = before[j - 2]! + 1;
      row[j] = edits;
      if (edits < least) least = edits;
    }
    // A swap reaches back two rows, so one row above the limit does not end it; this and the one before do.
    if (least > most && leastAbove > most) return limit;
    leastAbove = least;
    [before, above, row] = [above, row, before];
  }
  return Math.min(above[m]!, limit);
}

/** Which letters a word has, as bits: one edit changes at most two of them, so most words are ruled out by counting bits. */
export function letterBits(word: string): number {
  let bits = 0;
  for (const letter of word) {
    const code = letter.codePointAt(0)!;
    const bit = code >= 97 && code <= 122 ? code - 97 : 26 + (code % 5);
    bits |= 1 << bit;
  }
  return bits;
}
