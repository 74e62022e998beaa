import type { VerifyReport } from '@kontor/contracts';
import type { Query } from '@kontor/database';

/** The state of a tenant's last verification. */
export interface VerificationState extends VerifyReport {
  tenant: string;
  deep: boolean;
  state: 'running' | 'finished' | 'failed';
  error: string | null;
  startedAt: Date;
  finishedAt: Date | null;
  done: number;
  total: number;
  kind: 'customer' | 'contact';
  after: string | null;
}

export const VERIFICATION = `select tenant_id as tenant, deep, state, error, started_at as "startedAt", finished_at as "finishedAt",
  done, total, kind, after_id as after, missing, stale, surplus, words from verification`;

/**
 * Requests a comparison of the index of a tenant; the writer carries it out. A running one continues, unless all must be compared again (`restart`), or deeper;
 * it never becomes less deep.
 */
export async function startVerification(
  query: Query,
  tenant: string,
  { deep, restart = false }: { deep: boolean; restart?: boolean },
): Promise<void> {
  await query(
    `insert into verification (tenant_id, deep, state) values ($1, $2, 'running')
     on conflict (tenant_id) do update set deep = excluded.deep or (verification.deep and verification.state = 'running'), state = 'running', error = null, started_at = clock_timestamp(),
       finished_at = null, done = 0, total = 0, kind = 'customer', after_id = null, missing = 0, stale = 0, surplus = 0, words = 0
       where verification.state <> 'running' or $3::boolean or (excluded.deep and not verification.deep)`,
    [tenant, deep, restart],
  );
}
