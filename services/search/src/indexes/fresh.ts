import { Database, type Query } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Document } from './document.js';
import type { WriterLock } from './writer-lock.js';

/** What an entry is since a change; without a document it is gone. */
export interface Recent {
  seq: number;
  version: number;
  document: Document | null;
}

/** What a search has to know beside the settled index: that one's name, and what has changed since. */
export interface Snapshot {
  index: string;
  /** False while the index does not have everything yet. */
  whole: boolean;
  fresh: ReadonlyMap<string, Recent>;
}

/** A recent change that is to be settled. */
export interface Unsettled {
  id: string;
  seq: number;
  tenant: string;
  document: string | null;
}

/** What is to be kept of a change; the document as JSON. */
export interface FreshEntry {
  id: string;
  version: number;
  document: string | null;
}

/** What a replica has read of a tenant's changes, up to a number. */
interface Read {
  seq: number;
  fresh: ReadonlyMap<string, Recent>;
}

/** How a replica is brought up to date: two columns to read, and what they then say. */
export interface Reading {
  columns: [state: string, changes: string];
  snapshot(state: string | null, changes: string | null): Snapshot;
}

type Row = [id: string, seq: number, version: number, document: Document | null];
interface State {
  name: string;
  whole: boolean;
  floor: number;
}

const UNREAD: Read = { seq: 0, fresh: new Map() };
const MOST_TENANTS = 1_000;

/**
 * The fresh index: changes that are in PostgreSQL and in the memory of each replica, but not in Meilisearch yet. Meilisearch works on one task at a
 * time, whatever index it is for, so that a second index of its own would wait for seconds behind the batches of an import.
 * A search takes part of the entries from here and all others from the settled index: at any moment an entry counts in exactly one of them.
 */
@Injectable()
export class Fresh {
  /** By tenant, what this replica has read already; never changed, but replaced. */
  private readonly read = new LRUCache<string, Read>({ max: MOST_TENANTS });

  constructor(private readonly db: Database) {}

  /** Brings this replica up to date when the columns are read in one statement with whatever else must be of the same moment. */
  reading(tenant: string, param: (value: unknown) => string): Reading {
    // What this replica had read may be dropped while the statement is on its way, and only the newer is asked for.
    const before = this.read.get(tenant) ?? UNREAD;
    return {
      columns: [
        `(select json_build_object('name', name, 'whole', whole, 'floor', floor)::text from current_index)`,
        `(select json_agg(json_build_array(entry_id, seq, version, document))::text from fresh where tenant_id = $1 and seq > ${param(before.seq)})`,
      ],
      snapshot: (state, changes) => {
        // Before the writer has made it there is no index, and nothing to be found.
        if (state === null) return { index: '', whole: false, fresh: UNREAD.fresh };
        const { name, whole, floor } = JSON.parse(state) as State;
        return { index: name, whole, fresh: this.upTo(tenant, floor, changes === null ? [] : (JSON.parse(changes) as Row[]), before) };
      },
    };
  }

  /** The same, when nothing else has to be of the same moment. */
  async current(tenant: string): Promise<Snapshot> {
    const parameters: unknown[] = [tenant];
    const { columns, snapshot } = this.reading(tenant, (value) => `$${parameters.push(value)}`);
    const sql = `select ${columns[0]} as state, ${columns[1]} as changes`;
    const [row] = await this.db.queryAcrossTenants<{ state: string | null; changes: string | null }>(sql, parameters);
    return snapshot(row?.state ?? null, row?.changes ?? null);
  }

  private upTo(tenant: string, floor: number, changes: readonly Row[], asked: Read): ReadonlyMap<string, Recent> {
    const now = this.read.get(tenant) ?? UNREAD;
    const before = now.seq < asked.seq ? asked : now;
    const settled = before.fresh.size > 0 && [...before.fresh.values()].some(({ seq }) => seq <= floor);
    if (!changes.length && !settled) return before.fresh;
    const fresh = new Map([...before.fresh].filter(([, { seq }]) => seq > floor));
    let last = before.seq;
    for (const [id, seq, version, document] of changes) {
      last = Math.max(last, seq);
      // Two searches can be answered in the other order.
      if (seq > floor && seq > (fresh.get(id)?.seq ?? 0)) fresh.set(id, { seq, version, document });
    }
    this.read.set(tenant, { seq: last, fresh });
    return fresh;
  }

  /** Of all tenants, each with its number. */
  async ids(): Promise<Map<string, number>> {
    const rows = await this.db.queryAcrossTenants<{ id: string; seq: string }>('select entry_id as id, seq from fresh', []);
    return new Map(rows.map(({ id, seq }) => [id, Number(seq)]));
  }

  /** The oldest of all tenants. */
  async oldest(limit: number): Promise<Unsettled[]> {
    const rows = await this.db.queryAcrossTenants<Omit<Unsettled, 'seq'> & { seq: string }>(
      'select tenant_id as tenant, entry_id as id, seq, document::text as document from fresh order by seq limit $1',
      [limit],
    );
    return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
  }

  /** Everything up to this number is in the settled index now. */
  async settle(lock: WriterLock, floor: number): Promise<void> {
    await lock.transaction(async (query) => {
      await query('update current_index set floor = greatest(floor, $1)', [floor]);
      // In the same order as changes are kept: otherwise the two could wait for each other.
      await query(
        `with due as (select tenant_id, entry_id from fresh where seq <= $1 order by tenant_id, entry_id for update)
         delete from fresh using due where fresh.tenant_id = due.tenant_id and fresh.entry_id = due.entry_id`,
        [floor],
      );
    });
  }
}

/** Keeps what these entries are now; gives the number of each that was kept. An older state never takes the place of a newer one. */
export async function keepFresh(query: Query, tenant: string, entries: readonly FreshEntry[]): Promise<Map<string, number>> {
  const rows = await query<{ id: string; seq: string }>(
    `insert into fresh (tenant_id, entry_id, version, document)
     select $1, id, version, document::json from unnest($2::uuid[], $3::integer[], $4::text[]) as new (id, version, document) order by id
     on conflict (tenant_id, entry_id) do update
       set version = greatest(fresh.version, excluded.version), document = excluded.document, seq = default
       where excluded.version >= fresh.version or excluded.document is null
     returning entry_id as id, seq`,
    [tenant, entries.map(({ id }) => id), entries.map(({ version }) => version), entries.map(({ document }) => document)],
  );
  return new Map(rows.map(({ id, seq }) => [id, Number(seq)]));
}
