/** The mode that something is in. Only the transitions in its table are legal; any other one is a bug, and throws. */
export class Mode<M extends string> {
  constructor(
    private readonly owner: string,
    private current: M,
    private readonly transitions: Readonly<Record<M, readonly M[]>>,
  ) {}

  is(...modes: readonly M[]): boolean {
    return modes.includes(this.current);
  }

  set(next: M): void {
    if (!this.transitions[this.current].includes(next))
      throw new Error(`${this.owner}: illegal transition from ${this.current} to ${next}`);
    this.current = next;
  }
}
