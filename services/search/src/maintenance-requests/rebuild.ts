import type { Database, Query } from '@kontor/database';

/** The state of the last rebuild. */
export interface RebuildState {
  name: string;
  version: number;
  state: 'running' | 'finished' | 'failed';
  error: string | null;
  startedAt: Date;
  finishedAt: Date | null;
  done: number;
  total: number;
  tenant: string | null;
  kind: 'customer' | 'contact' | null;
  after: string | null;
}

/**
 * Requests that an index of this name is filled; the writer carries it out. A running one continues, whatever its name,
 * unless it makes another version than `unless`, or everything has to be done again (`restart`).
 */
export async function startRebuild(
  query: Query,
  { name, version, unless, restart }: { name: string; version: number; unless?: number; restart?: boolean },
): Promise<void> {
  await query(
    `insert into rebuild (name, version, state) values ($1, $2, 'running')
     on conflict (one) do update set name = excluded.name, version = excluded.version, state = 'running', error = null,
       started_at = clock_timestamp(), finished_at = null, done = 0, total = 0, tenant_id = null, kind = null, after_id = null
       where rebuild.state <> 'running' or rebuild.version <> coalesce($3::integer, rebuild.version) or $4::boolean`,
    [name, version, unless ?? null, restart ?? false],
  );
}

export async function rebuildState(db: Database): Promise<RebuildState | undefined> {
  const [row] = await db.queryAcrossTenants<RebuildState>(
    `select name, version, state, error, started_at as "startedAt", finished_at as "finishedAt", done, total,
            tenant_id as tenant, kind, after_id as after from rebuild`,
    [],
  );
  return row;
}
