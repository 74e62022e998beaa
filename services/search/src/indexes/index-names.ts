export const DEFAULT_PREFIX = 'entries';

/** What the indexes of this hub are called; several hubs may share one Meilisearch, and touch nothing of each other's. */
export class IndexNames {
  private readonly own: RegExp;

  /** `prefix` has letters, digits and underscores only, so that no name of one prefix is one of another. */
  constructor(private readonly prefix = DEFAULT_PREFIX) {
    this.own = new RegExp(`^${prefix}-[0-9a-z]+$`);
  }

  next(): string {
    return `${this.prefix}-${Date.now().toString(36)}`;
  }

  /** The only index of versions that had just one, and no prefixes. */
  get first(): string | undefined {
    return this.prefix === DEFAULT_PREFIX ? DEFAULT_PREFIX : undefined;
  }

  owns(name: string): boolean {
    return this.own.test(name) || name === this.first;
  }
}
