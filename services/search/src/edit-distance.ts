/**
 * The fewest letters to insert, delete, replace or swap with their neighbour that turn one word into the other, no place edited twice
 * (optimal string alignment); anything above `most` is answered as `most + 1`.
 */
export function editDistance(a: string, b: string, most: number): number {
  if (a === b) return 0;
  const left = [...a];
  const right = [...b];
  if (Math.abs(left.length - right.length) > most) return most + 1;
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, j) => j);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      let edits = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) edits = Math.min(edits, before[j - 2]! + 1);
      row.push(edits);
      least = Math.min(least, edits);
    }
    // A swap reaches back two rows, so one row above the limit does not end it; this and the one before do.
    if (least > most && Math.min(...above) > most) return most + 1;
    before = above;
    above = row;
  }
  return Math.min(above[right.length]!, most + 1);
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
