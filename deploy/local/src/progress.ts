/** What `npm start` shows while it works: one line per step, with a tick and how long it took. */
export class Progress {
  private readonly out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.out = out;
  }

  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    // On a terminal the line appears at once and is written over when the step is done.
    if (this.out.isTTY) this.out.write(`  … ${title}`);
    const end = (mark: string) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      this.out.write(`${this.out.isTTY ? '\r\x1b[2K' : ''}  ${mark} ${title}  ${seconds} s\n`);
    };
    try {
      const result = await work();
      end('✓');
      return result;
    } catch (error) {
      end('✗');
      throw error;
    }
  }

  say(text: string): void {
    this.out.write(`${text}\n`);
  }
}

/** Shows nothing; for tests. */
export class Quiet extends Progress {
  override step<T>(_: string, work: () => Promise<T>): Promise<T> {
    return work();
  }
  override say(): void {}
}
