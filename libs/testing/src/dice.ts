/** Numbers that only look random: the same seed gives the same ones. */
export function dice(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (most: number) => Math.floor(next() * (most + 1));
  const pick = <T>(from: readonly T[]): T => from[upTo(from.length - 1)] as T;
  return {
    upTo,
    pick,
    chance: (of: number) => next() < of,
    some: <T>(from: readonly T[], most: number) => Array.from({ length: 1 + upTo(most - 1) }, () => pick(from)),
  };
}
export type Dice = ReturnType<typeof dice>;
