/** A latch; waiters resume on open. */
export class Gate {
  private isOpen = false;
  private waiting: (() => void)[] = [];
  private closers: (() => void)[] = [];

  open(): void {
    this.isOpen = true;
    for (const resume of this.waiting.splice(0)) resume();
  }

  /** Calls what was given to `onClose` since it opened. */
  close(): void {
    this.isOpen = false;
    for (const stop of this.closers.splice(0)) stop();
  }

  opened(): Promise<void> {
    return this.isOpen ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve));
  }

  onClose(stop: () => void): void {
    this.closers.push(stop);
  }
}
