import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { DictionaryEraser } from '../dictionary/dictionary-eraser.js';
import { DictionaryVacuum } from '../dictionary/vacuum.js';
import { IndexContents } from '../indexes/index-contents.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { saveSwept, sweepState } from '../maintenance-requests/sweep.js';

const TERMS_AT_ONCE = 250;

/** Keeps the dictionary small and fast. Only for the writer. */
@Injectable()
export class Sweeper {
  constructor(
    private readonly db: Database,
    private readonly dictionary: DictionaryEraser,
    private readonly contents: IndexContents,
    private readonly dictionaryVacuum: DictionaryVacuum,
  ) {}

  /** Whether there is something to sweep. */
  async isOrdered(): Promise<boolean> {
    return (await sweepState(this.db)) !== undefined;
  }

  /**
   * Looks at some more words of a tenant that has forgotten somebody, and deletes those that nobody has any more: what somebody was called long ago is
   * known to no one, and still stands there. Only while no batch is in flight: a word that is not used then is used by nobody.
   * False when there is nothing to sweep.
   */
  async sweepSome(lock: WriterLock): Promise<boolean> {
    const at = await sweepState(this.db);
    if (!at) return false;
    const terms = await this.dictionary.termsAfter(at.tenant, at, TERMS_AT_ONCE);
    const unused = await this.contents.unusedTerms(
      at.tenant,
      terms.map(({ word, field }) => field + word),
    );
    await this.dictionary.deleteTerms(lock, at.tenant, unused);
    await lock.transaction((query) => saveSwept(query, at, terms.at(-1)));
    return true;
  }

  vacuumWhenDue(load: { busy: boolean }): void {
    this.dictionaryVacuum.runWhenDue(load);
  }
}
