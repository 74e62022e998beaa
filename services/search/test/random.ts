/** A pseudo-random sequence with a seed, so that a failure can be looked at again. */
export function randomFrom(seed: number) {
  let state = (seed * 2_654_435_761) >>> 0;
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x100000000;
  };
  const int = (below: number) => Math.floor(next() * below);
  return { next, int, chance: (share: number) => next() < share, pick: <T>(list: readonly T[]): T => list[int(list.length)]! };
}
export type Random = ReturnType<typeof randomFrom>;
