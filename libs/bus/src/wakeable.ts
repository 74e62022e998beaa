/** Lets a loop rest until somebody wakes it, or some time is over. A wake-up that comes while it does not rest ends the next rest at once. */
export class Wakeable {
  private woken = false;
  private end = () => {};

  constructor(private readonly restMs = 1_000) {}

  wake(): void {
    this.woken = true;
    this.end();
  }

  async rest(): Promise<void> {
    if (!this.woken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.restMs);
        this.end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.woken = false;
  }

  /** Whether it was woken since it last rested or was asked. */
  takeWakeUp(): boolean {
    const { woken } = this;
    this.woken = false;
    return woken;
  }
}
