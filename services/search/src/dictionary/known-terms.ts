import { Injectable } from '@nestjs/common';

const MOST_TERMS = 400_000;

/**
 * Terms that are certainly in the dictionary, so that words that come again and again cost no statement.
 * Forgets the older half now and then, which costs one statement more and nothing else.
 */
@Injectable()
export class KnownTerms {
  private recent = new Set<string>();
  private older = new Set<string>();

  /** Those of the terms that may be new, each once. */
  missing(tenant: string, terms: Iterable<string>): string[] {
    const missing = new Set<string>();
    for (const term of terms) {
      const key = tenant + term;
      if (this.recent.has(key)) continue;
      if (this.older.has(key)) this.remember(key);
      else missing.add(term);
    }
    return [...missing];
  }

  add(tenant: string, terms: readonly string[]): void {
    for (const term of terms) this.remember(tenant + term);
  }

  /** These are not in the dictionary any more. */
  remove(tenant: string, terms: readonly string[]): void {
    for (const term of terms) {
      this.recent.delete(tenant + term);
      this.older.delete(tenant + term);
    }
  }

  clear(): void {
    this.recent.clear();
    this.older.clear();
  }

  private remember(key: string): void {
    if (this.recent.size >= MOST_TERMS / 2) {
      this.older = this.recent;
      this.recent = new Set();
    }
    this.recent.add(key);
  }
}
