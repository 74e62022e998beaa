const FIRST_MS = 250;

/** How long to wait after so many tries: twice as long each time, up to a limit, with a quarter more or less so that not all come back at once. */
export const backoffMs = (tries: number, mostMs: number): number =>
  Math.round(Math.min(FIRST_MS * 2 ** (tries - 1), mostMs) * (0.75 + Math.random() / 2));
