const IDLE_MS = 1_000;

/** Rests until somebody wakes it, or a second is over; one who was woken before resting does not rest. */
export class Wakeable {
  private woken = false;
  private end = () => {};

  wake(): void {
    this.woken = true;
    this.end();
  }

  async rest(): Promise<void> {
    if (!this.woken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, IDLE_MS);
        this.end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.woken = false;
  }
}
