import { AppError, type Bus } from '@kontor/bus';
import { type AboutEntry, type Change, getEntries, type OutputOf } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import type { Database } from './database.js';
import { type Decisions, inheritedValues } from './inherited-values.js';

/**
 * A table with a row for each contact: `contact_id`, `contact_version`, `state` (`shown`, `hidden` or `gone`), `decided`, `merged_into`, and
 * in a jsonb column of its own a value for each key. The version is the newest one from an event, 0 before the first event. `hidden` is in the bin
 * or merged; `gone` is for ever and without values: it only keeps a late event from bringing the contact back.
 */
export interface DecisionTable<K extends string, V> {
  table: string;
  column: string;
  /** The values of a new contact. */
  defaults: Readonly<Record<K, V>>;
  /** Of two decisions for contacts that were merged, what holds for both. */
  least(a: V, b: V): V;
}

type SeenContact = OutputOf<typeof getEntries>['contacts'][number];
type Row<K extends string, V> = Decisions<K, V> & { end: string };

/**
 * What is decided about contacts by a service that does not own them: a value for each key, which a merged contact passes on to the one that it was
 * merged into. Follows the contacts by their events, because the owner of a contact does not know what is kept beside it.
 */
export class ContactDecisions<K extends string, V> {
  constructor(
    private readonly db: Database,
    private readonly bus: Bus,
    private readonly spec: DecisionTable<K, V>,
  ) {}

  /**
   * The contact that this id stands for, itself or what it was merged into. Only the customer service knows which contacts exist and which of them
   * the calling agent may see.
   */
  async visible(id: string): Promise<string> {
    return (await this.find(id)).id;
  }

  /** The same for deciding about it; `forbidden` when the calling agent may only see it. */
  async changeable(id: string): Promise<string> {
    const contact = await this.find(id);
    if (!contact.mayWrite)
      throw new AppError('forbidden', 'You may see this contact but not change it; ask its owner or an admin for the right to write');
    return contact.id;
  }

  /** The values of each of these contacts, with those of whoever was merged into it. */
  async values(tx: EntityManager, contactIds: readonly string[]): Promise<Map<string, Record<K, V>>> {
    const byEnd = Map.groupBy(await this.rows(tx, contactIds), ({ end }) => end);
    return new Map(contactIds.map((id) => [id, inheritedValues(this.spec, id, byEnd.get(id) ?? [])]));
  }

  /** Decides what `change` makes of the values that hold now. One at a time for each contact. */
  async decide(
    tx: EntityManager,
    contactId: string,
    change: (now: Record<K, V>) => Partial<Record<K, V>>,
  ): Promise<{ before: Record<K, V>; after: Record<K, V> }> {
    const own = await this.lock(tx, contactId);
    const before = (await this.values(tx, [contactId])).get(contactId)!;
    const changed = change(before);
    const decided = [...new Set([...own.decided, ...Object.keys(changed)])];
    await tx.query(`update ${this.spec.table} set ${this.spec.column} = $2, decided = $3 where contact_id = $1`, [
      contactId,
      { ...own.values, ...changed },
      decided,
    ]);
    return { before, after: { ...before, ...changed } };
  }

  /**
   * Brings what is known of the contacts up to date, in one statement for the whole batch; gives the contacts with whom others were merged, or were
   * and are not any more. Events come at least once and in no promised order, so a row takes only what is newer than what it knows, and what is gone
   * stays gone. Of several changes to one contact in a batch the newest counts; sorted, so that two batches at once lock rows in the same order.
   * A merged contact is hidden like one in the bin, because a merge can be undone; into whom it was merged is kept with it.
   */
  async follow(tx: EntityManager, changes: readonly Change[]): Promise<string[]> {
    const { table, column, defaults } = this.spec;
    const rows: { was: string | null; is: string | null }[] = await tx.query(
      `insert into ${table} (contact_id, contact_version, state, ${column}, merged_into)
       select distinct on (id) id, version, state, case when state <> 'gone' then $2::jsonb end, merged_into
       from (
         select id, version, case
           when change in ('erased', 'purged') then 'gone'
           when change in ('binned', 'merged') then 'hidden'
           else 'shown'
         end as state, case when change = 'merged' then "into" end as merged_into
         from jsonb_to_recordset($1::jsonb) as batch (id uuid, version integer, change text, "into" uuid)
       ) as event
       order by id, state = 'gone' desc, version desc
       on conflict (tenant_id, contact_id) do update set
         contact_version = excluded.contact_version,
         state = excluded.state,
         ${column} = case when excluded.state <> 'gone' then ${table}.${column} end,
         decided = case when excluded.state <> 'gone' then ${table}.decided else '{}' end,
         merged_into = excluded.merged_into
       where ${table}.state <> 'gone' and (excluded.state = 'gone' or excluded.contact_version > ${table}.contact_version)
       returning old.merged_into as was, new.merged_into as is`,
      [JSON.stringify(changes), JSON.stringify(defaults)],
    );
    return this.endsOf(
      tx,
      rows.filter(({ was, is }) => was !== is).flatMap(({ was, is }) => [was, is].filter((id) => id !== null)),
    );
  }

  /** Keeps only that the contact is gone, so that no late event brings it back; gives how many rows had values, and what `follow` gives. */
  async forget(tx: EntityManager, { id, entry: { version } }: AboutEntry): Promise<{ count: number; merged: string[] }> {
    const [{ count }]: [{ count: number }] = await tx.query(
      `select count(*)::int as count from ${this.spec.table} where contact_id = $1 and state <> 'gone'`,
      [id],
    );
    return { count, merged: await this.follow(tx, [{ id, version, change: 'erased' }]) };
  }

  /** The values of a contact; undefined when nothing is kept of it. */
  async collect(id: string): Promise<Record<K, V> | undefined> {
    const rows = await this.db.transaction((tx) => this.rows(tx, [id]));
    return rows.length ? inheritedValues(this.spec, id, rows) : undefined;
  }

  private async find(id: string): Promise<SeenContact> {
    const [contact] = await this.entries(id);
    if (contact) return contact;
    const [end] = await this.db.transaction((tx) => this.endsOf(tx, [id]));
    const [winner] = end && end !== id ? await this.entries(end) : [];
    if (!winner) throw noSuchContact();
    return winner;
  }

  private async entries(id: string): Promise<SeenContact[]> {
    return (await this.bus.request(getEntries, { ids: [id] })).contacts;
  }

  /** The row may have to be inserted: the event of the contact may still be on its way. */
  private async lock(tx: EntityManager, contactId: string): Promise<Pick<Decisions<K, V>, 'values' | 'decided'>> {
    const { table, column, defaults } = this.spec;
    await tx.query(
      `insert into ${table} (contact_id, contact_version, state, ${column}) values ($1, 0, 'shown', $2::jsonb) on conflict do nothing`,
      [contactId, JSON.stringify(defaults)],
    );
    const [row]: Pick<Decisions<K, V>, 'values' | 'decided'>[] = await tx.query(
      `select ${column} as values, decided from ${table} where contact_id = $1 and state <> 'gone' for update`,
      [contactId],
    );
    if (!row) throw noSuchContact();
    return row;
  }

  /** What was decided for these contacts and for everybody who was merged into them; `end` is the one of these that it is about. */
  private rows(tx: EntityManager, contactIds: readonly string[]): Promise<Row<K, V>[]> {
    const { table, column } = this.spec;
    return tx.query(
      `with recursive all_of_them as (
         select id as contact_id, id as "end" from unnest($1::uuid[]) as given (id)
         union select t.contact_id, a."end" from ${table} t join all_of_them a on t.merged_into = a.contact_id
       )
       select t.contact_id as "contactId", t.merged_into as "mergedInto", t.${column} as values, t.decided, a."end"
       from all_of_them a join ${table} t on t.contact_id = a.contact_id where t.${column} is not null`,
      [contactIds],
    );
  }

  /** What these contacts were merged into in the end; themselves when they were not. */
  private async endsOf(tx: EntityManager, contactIds: readonly string[]): Promise<string[]> {
    if (!contactIds.length) return [];
    const { table } = this.spec;
    const rows: { id: string }[] = await tx.query(
      `with recursive way as (
         select unnest($1::uuid[]) as id
         union select t.merged_into from ${table} t join way w on t.contact_id = w.id where t.merged_into is not null
       ) select id from way w where not exists (select from ${table} t where t.contact_id = w.id and t.merged_into is not null)`,
      [contactIds],
    );
    return rows.map(({ id }) => id);
  }
}

const noSuchContact = () => new AppError('not-found', 'There is no contact with this id');
