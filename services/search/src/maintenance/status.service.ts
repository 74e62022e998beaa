import { Bus } from '@kontor/bus';
import type { SearchStatus } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { dictionarySizes } from '../dictionary/dictionary.js';
import { INDEX_VERSION } from '../indexes/document.js';
import { is } from '../indexes/filter.js';
import { Fresh } from '../indexes/fresh.js';
import { MeiliClient } from '../indexes/meili.client.js';
import { WRITER } from '../indexes/writer-lock.js';
import { rebuildState } from '../maintenance-requests/rebuild.js';
import { VERIFICATION, type VerificationState } from '../maintenance-requests/verification.js';
import { currentTenant } from '../tenant.js';

/** Says how the index is. */
@Injectable()
export class StatusService {
  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly fresh: Fresh,
    private readonly meili: MeiliClient,
  ) {}

  async status(): Promise<SearchStatus> {
    const tenant = currentTenant();
    const [{ index, whole, fresh }, sizes, rebuild, [verification], [current], people, bulk] = await Promise.all([
      this.fresh.current(tenant),
      dictionarySizes(this.db, tenant),
      rebuildState(this.db),
      this.db.queryAcrossTenants<VerificationState>(`${VERIFICATION} where tenant_id = $1`, [tenant]),
      this.db.queryAcrossTenants<{ version: number; writer: boolean }>(
        `select version, exists (
           select from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())
             and objsubid = 1 and (classid::bigint << 32) + objid::bigint = hashtextextended($1, 0)) as writer
         from current_index`,
        [`kontor:${WRITER}`],
      ),
      this.waiting('people'),
      this.waiting('bulk'),
    ]);
    const entries = await this.entries(index, tenant);
    return {
      state: entries === null ? 'away' : people === null || bulk === null ? 'interrupted' : whole ? 'ready' : 'filling',
      writer: current?.writer ?? false,
      entries,
      fresh: fresh.size,
      ...sizes,
      indexVersion: { index: current?.version ?? 0, service: INDEX_VERSION },
      lag: { people: { waiting: people }, bulk: { waiting: bulk } },
      rebuild: rebuild ? runOf(rebuild) : null,
      verify: verification ? { ...runOf(verification), deep: verification.deep, report: reportOf(verification) } : null,
    };
  }

  private async entries(index: string, tenant: string): Promise<number | null> {
    try {
      const [answer] = await this.meili.search(index, [{ filters: [is('tenant', tenant)], limit: 0 }]);
      return answer?.total ?? 0;
    } catch {
      return null;
    }
  }

  /** How many events of a lane have not been worked off yet; null while they do not come at all. */
  private async waiting(lane: string): Promise<number | null> {
    const counts = await Promise.all(
      ['index', 'index-customers'].map(async (name) => {
        const reply = await this.bus.connection.request(`$JS.API.CONSUMER.INFO.EVENTS.search-${name}-${lane}`);
        const info = reply.json<{ error?: unknown; num_pending?: number; num_ack_pending?: number }>();
        return info.error ? null : (info.num_pending ?? 0) + (info.num_ack_pending ?? 0);
      }),
    );
    return counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0);
  }
}

type Run = Pick<VerificationState, 'state' | 'done' | 'total' | 'startedAt' | 'finishedAt' | 'error'>;
const runOf = ({ state, done, total, startedAt, finishedAt, error }: Run) => ({
  state,
  done,
  total,
  startedAt: startedAt.toISOString(),
  finishedAt: finishedAt?.toISOString() ?? null,
  ...(error !== null && { error }),
});
const reportOf = ({ missing, stale, surplus, words }: VerificationState) => ({ missing, stale, surplus, words });
