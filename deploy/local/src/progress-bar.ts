const WIDTH = 40;

/** How much of it is done, as a bar of 40 signs. */
export function progressBar(done: number, total: number): string {
  const full = total > 0 ? Math.round((Math.min(done, total) / total) * WIDTH) : 0;
  return `[${'█'.repeat(full)}${'·'.repeat(WIDTH - full)}]`;
}
