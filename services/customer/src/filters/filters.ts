import { grantees } from '@kontor/bus';
import type { ListContacts, ListCustomers } from '@kontor/contracts';
import type { EntityManager } from 'typeorm';
import { mayReadAll, mayReadCustomerOf, mayReadListed } from '../access/access.js';
import { emailKey, externalIdKey } from '../fields/lookup-keys.js';
import { searchPhoneKeys } from '../fields/phone-number.js';
import { Conditions } from '../paging/page.js';
import type { Noun } from '../sql/rows.js';
import { mayReadRecord, recordRead } from '../tables/record.table.js';

const MAX_PREFETCHED = 2_000;
/** At most this many tags are joined: planning time grows much faster than their number. */
const MAX_JOINED_TAGS = 4;

/** Orders the tags by rarity if there are more than are joined. Counting stops at the limit above which a tag is common anyway. */
async function rarestFirst(tx: EntityManager, noun: Noun, tags: readonly string[]): Promise<readonly string[]> {
  if (tags.length <= MAX_JOINED_TAGS) return tags;
  const rows: { tag: string }[] = await tx.query(
    `select u.tag from unnest($1::text[]) with ordinality u(tag, place)
     order by (select count(*) from (select from ${noun}_tag g where g.tag = u.tag limit ${MAX_PREFETCHED + 1}) found), u.place`,
    [tags],
  );
  return rows.map(({ tag }) => tag);
}

/**
 * The ids of the entries with these tags if there are few, else undefined. Few entries are fetched by id and sorted; many are found soon by scanning
 * in the order of the list. PostgreSQL cannot estimate how many have two tags, and would scan in both cases, possibly everything.
 */
async function prefetchTagged(tx: EntityManager, noun: Noun, tags: readonly string[]): Promise<string[] | undefined> {
  // A join instead of a subquery per row, so that PostgreSQL starts with the rarest tag.
  const joined = tags.map((_, i) => `${noun}_tag g${i}`).join(', ');
  const where = tags.map((_, i) => `g${i}.tag = $${i + 1}${i > 0 ? ` and g${i}.${noun}_id = g0.${noun}_id` : ''}`).join(' and ');
  const [row]: { ids: string[] | null }[] = await tx.query(
    `select case when count(*) = 0 then '{}' when count(*) <= ${MAX_PREFETCHED} then array_agg(few.id) end as ids
     from (select g0.${noun}_id as id from ${joined} where ${where} limit ${MAX_PREFETCHED + 1}) few`,
    [...tags],
  );
  return row?.ids ?? undefined;
}

/** Requires all of these tags. Those beyond the joined ones become one condition, checked row by row. */
async function addTags(tx: EntityManager, where: Conditions, noun: Noun, tags: readonly string[]): Promise<void> {
  if (tags.length === 0) return;
  const ordered = await rarestFirst(tx, noun, tags);
  const joined = ordered.slice(0, MAX_JOINED_TAGS);
  const few = await prefetchTagged(tx, noun, joined);
  if (few) where.add('t.id = any($)', few);
  else for (const tag of joined) where.add(`t.id in (select g.${noun}_id from ${noun}_tag g where g.tag = $)`, tag);
  const others = ordered.slice(MAX_JOINED_TAGS);
  if (others.length > 0)
    where.add(`(select count(*) from ${noun}_tag g where g.${noun}_id = t.id and g.tag = any($)) = ${others.length}`, others);
}

type SharedFilters = Pick<
  ListContacts & ListCustomers,
  'type' | 'tag' | 'ownerId' | 'email' | 'phone' | 'externalId' | 'updatedSince' | 'projectId' | 'hasOpportunities'
>;

/** The filters that lists of contacts and of customers share; all must hold. Lookups go through the key and tag tables, which have indexes. */
export async function sharedFilters(tx: EntityManager, input: SharedFilters, noun: Noun, country: string): Promise<Conditions> {
  const where = Conditions.live(noun);
  const hasKey = (kind: string, value: string) =>
    where.add(`t.id in (select k.${noun}_id from ${noun}_key k where k.kind = '${kind}' and k.value = $)`, value);
  if (input.type !== undefined) where.add('t.type = $', input.type);
  await addTags(tx, where, noun, input.tag ?? []);
  if (input.ownerId !== undefined) where.add('t.owner_id = $', input.ownerId);
  if (input.email !== undefined) hasKey('email', emailKey(input.email));
  // A text that is not a number matches nothing.
  if (input.phone !== undefined) hasKey('phone', searchPhoneKeys(input.phone, country)[0] ?? '');
  if (input.externalId !== undefined) {
    const colon = input.externalId.indexOf(':');
    hasKey('external', externalIdKey({ source: input.externalId.slice(0, Math.max(colon, 0)), id: input.externalId.slice(colon + 1) }));
  }
  if (input.updatedSince !== undefined) where.add('t.updated_at >= $', input.updatedSince);
  if (input.projectId !== undefined) where.add(`t.id in (${inProject(noun)}) and exists (${readableProject()})`, input.projectId);
  if (input.hasOpportunities !== undefined)
    where.add(
      `${input.hasOpportunities ? '' : 'not '}exists (
         select from record o where o.${noun}_id = t.id and o.kind = 'opportunity' and o.deleted_at is null and ${mayReadOpportunity(noun)})`,
    );
  return where;
}

/** An opportunity of a visible entry may also belong to another one that is hidden. */
const mayReadOpportunity = (noun: Noun) =>
  !grantees()
    ? 'true'
    : noun === 'contact'
      ? mayReadCustomerOf('o')
      : `(o.contact_id is null or exists (
           select from contact c where c.id = o.contact_id and ${mayReadAll('c')} and ${mayReadCustomerOf('c')}))`;

/** SQL: visible entries all of whose opportunities are hidden from the caller. */
export const havingHiddenOpportunities = (noun: Noun): string => {
  const opportunity = `o.kind = 'opportunity' and o.deleted_at is null`;
  return `select t.id from ${noun} t where t.deleted_at is null and ${mayReadListed(noun)}
    and t.id in (select o.${noun}_id from record o where ${opportunity} and not ${mayReadOpportunity(noun)})
    and not exists (select from record o where o.${noun}_id = t.id and ${opportunity} and ${mayReadOpportunity(noun)})`;
};

/** The members of a project, or the customers that they belong to. */
const inProject = (noun: Noun) =>
  noun === 'contact'
    ? 'select m.contact_id from project_member m where m.project_id = $'
    : `select c.customer_id from project_member m join contact c on c.tenant_id = m.tenant_id and c.id = m.contact_id
       where m.project_id = $ and c.deleted_at is null and ${mayReadAll('c')}`;
const readableProject = () =>
  `select from ${recordRead.from} where t.id = $ and t.kind = 'project' and t.deleted_at is null and ${mayReadRecord()}`;
