export interface SplitName {
  firstName?: string;
  lastName?: string;
}

const particles = new Set('von vom zu zum zur van de der den del della di da dos du la le ten ter'.split(' '));
const HAN = /^\p{Script=Han}{2,4}$/u;

/** A whole name as first and last name: "Meyer, Anna"; Chinese last name first; "Anna von Meyer" with what belongs to the last name. */
export function splitName(name: string): SplitName {
  const comma = name.indexOf(',');
  if (comma > 0) return parts(name.slice(comma + 1), name.slice(0, comma));
  if (HAN.test(name)) {
    // Two-character family names exist, but with four characters only.
    const family = [...name].length === 4 ? 2 : 1;
    const letters = [...name];
    return parts(letters.slice(family).join(''), letters.slice(0, family).join(''));
  }
  const words = name.split(/\s+/);
  let last = words.length - 1;
  while (last > 1 && particles.has(words[last - 1]!.toLowerCase())) last--;
  return last <= 0 ? parts('', name) : parts(words.slice(0, last).join(' '), words.slice(last).join(' '));
}

const parts = (first: string, last: string): SplitName => ({
  ...(first.trim() && { firstName: first.trim() }),
  ...(last.trim() && { lastName: last.trim() }),
});
