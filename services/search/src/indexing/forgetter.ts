import type { Forgotten } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { DictionaryEraser } from '../dictionary/dictionary-eraser.js';
import { IndexContents } from '../indexes/index-contents.js';
import { IndexWriter } from '../indexes/index-writer.js';
import type { WriterLock } from '../indexes/writer-lock.js';
import { requestSweep } from '../maintenance-requests/sweep.js';

interface Order {
  tenant: string;
  id: string;
  words: string[];
}

/** Carries out requests to forget an entry. Only for the writer, and only while no batch is in flight. */
@Injectable()
export class Forgetter {
  constructor(
    private readonly db: Database,
    private readonly dictionary: DictionaryEraser,
    private readonly contents: IndexContents,
    private readonly writer: IndexWriter,
  ) {}

  /** What is to be forgotten, the oldest first. */
  orders(): Promise<Order[]> {
    return this.db.queryAcrossTenants<Order>(
      'select tenant_id as tenant, entry_id as id, words from forgetting where counts is null order by asked_at limit 10',
      [],
    );
  }

  /**
   * Whatever is deleted is deleted by the connection that holds the writer's lock: when it does not hold it any more, another one may be adding
   * the same word at this moment, and nothing is deleted.
   */
  async forget({ tenant, id, words }: Order, lock: WriterLock): Promise<void> {
    const documents = await this.deleteDocument(tenant, id, lock);
    const identifiers = await this.dictionary.deleteIdentifiers(lock, tenant, id);
    const unused = await this.contents.unusedTerms(tenant, await this.dictionary.termsWith(tenant, words));
    const counts: Forgotten['counts'] = { documents, words: await this.dictionary.deleteTerms(lock, tenant, unused), identifiers };
    await lock.transaction(async (query) => {
      await requestSweep(query, tenant);
      await query(`update forgetting set counts = $3, words = '{}' where tenant_id = $1 and entry_id = $2`, [tenant, id, counts]);
    });
  }

  /** Only one of the tenant's own. */
  private async deleteDocument(tenant: string, id: string, lock: WriterLock): Promise<number> {
    if (!(await this.contents.has(tenant, id))) return 0;
    await (await this.writer.write('all', [{ tenant, id, document: null }], lock)).done;
    return 1;
  }
}
