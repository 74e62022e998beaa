import { currentAgent, currentContext, NIL_UUID, teamId } from '@kontor/bus';
import type { Agent, InputOf, listAgents } from '@kontor/contracts';
import { Database } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { decodeCursor, encodeCursor } from '../paging/page.js';
import { isoTimestamp } from '../sql/rows.js';

type Paging = InputOf<typeof listAgents>;

@Injectable()
export class AgentService {
  constructor(private readonly db: Database) {}

  /** Stores the calling agent and the teams of its token, so that no registration is needed. */
  async recordSeen(): Promise<Record<string, never>> {
    const { tenant, roles, teams } = currentContext();
    const { id, name } = currentAgent();
    await this.db.transaction(async (tx) => {
      await tx.query('insert into tenant (id) values ($1) on conflict do nothing', [tenant]);
      await tx.query(
        `insert into agent (id, name, roles, teams) values ($1, $2, $3, $4)
         on conflict (tenant_id, id) do update set name = coalesce(excluded.name, agent.name), roles = excluded.roles, teams = excluded.teams, last_seen_at = now()`,
        [id, name ?? null, roles, teams],
      );
      const sorted = [...teams].sort();
      if (teams.length > 0)
        await tx.query('insert into team (id, name) select * from unnest($1::uuid[], $2::text[]) on conflict do nothing', [
          sorted.map((team) => teamId(team, tenant)),
          sorted,
        ]);
    });
    return {};
  }

  list(paging: Paging): Promise<{ items: Agent[]; nextCursor: string | null }> {
    return this.db.transaction((tx) =>
      pageByName<Agent>(
        tx,
        'agent',
        `id, name, roles, teams, ${isoTimestamp('first_seen_at')} as "firstSeenAt", ${isoTimestamp('last_seen_at')} as "lastSeenAt"`,
        paging,
      ),
    );
  }

  listTeams(paging: Paging): Promise<{ items: { id: string; name: string }[]; nextCursor: string | null }> {
    return this.db.transaction((tx) => pageByName<{ id: string; name: string }>(tx, 'team', 'id, name', paging));
  }

  async listTenants(): Promise<{ tenants: string[] }> {
    const rows = await this.db.queryAcrossTenants<{ id: string }>('select id from tenant order by id', []);
    return { tenants: rows.map(({ id }) => id) };
  }
}

/** Sorts by name without an index, because the lists are short. */
async function pageByName<T extends { id: string; name: string | null }>(
  tx: EntityManager,
  table: string,
  columns: string,
  { limit, cursor }: Paging,
): Promise<{ items: T[]; nextCursor: string | null }> {
  const [name = '', id = NIL_UUID] = cursor === undefined ? [] : decodeCursor(cursor, table);
  const rows: T[] = await tx.query(
    `select ${columns} from ${table} where (coalesce(name, '') collate "C", id) > ($1, $2::uuid) order by coalesce(name, '') collate "C", id limit ${limit + 1}`,
    [name, id],
  );
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return { items: rows.slice(0, limit), nextCursor: last ? encodeCursor(table, last.name ?? '', last.id) : null };
}
