import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AppError, type Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { service as customerService } from '@kontor/customer';
import { again, eventually, sized, startWorld, type World } from '@kontor/testing';
import type { z } from 'zod';
import { service } from '../src/index.js';
import { CANARY, COMMON, HIDDEN_DIGITS, type Hidden, hide, makeTenant, spellings, type Tenant, VISIBLE } from './canary-scene.js';
import { untilMade } from './index-status.js';

type Query = z.input<typeof k.search.input>;

const all = <T>(list: readonly T[]): readonly T[] => list;
/** Every seventh: of each word another part, so that together they have every kind of clause. */
const someOf = <T>(list: readonly T[]): readonly T[] => list.filter((_, i) => i % 7 === 0);

/** Every kind of clause, in every field, for what is hidden, what is not, and what both have. */
const clauses = [COMMON, CANARY, VISIBLE].flatMap((word) => [
  word,
  word.slice(0, 4),
  word.slice(4, 9),
  word.replace(/.$/, 'z'),
  `-${word}`,
  `${word.slice(0, 6)}*`,
  `*${word.slice(6)}`,
  `*${word.slice(3, 8)}*`,
  `${word.slice(0, 4)}?${word.slice(5)}`,
  `${word}~`,
  `${word.slice(1)}~2`,
  `"${word} ${COMMON}"`,
  `-"${word} ${COMMON}"`,
  `${word}@`,
  `*@${word}.example`,
  `${word}.example`,
  `code:${word}`,
  `code:*${word.slice(5)}*`,
  `email:${word}`,
  ...['name', 'first', 'last', 'company', 'title', 'city', 'address', 'alias', 'tag', 'type', 'notes', 'hobby', 'liste'].flatMap(
    (field) => [`${field}:${word}`, `${field}:${word.slice(0, 3)}*`, `-${field}:${word}`],
  ),
  ...['notes', 'alias', 'hobby'].map((field) => `${field}:"${word} ${COMMON}"`),
]);
const numbers = [
  HIDDEN_DIGITS,
  '77341',
  '030 7734',
  '030',
  'phone:7734',
  '-phone:7734',
  'code:7734',
  `${COMMON} 7734199`,
  '55512',
  '030 5551',
];
const queries: Query[] = sized(someOf, all)(['', '*', ...clauses, ...numbers]).map((q) => ({ q }));

const listed = (given: Query): Query => ({ facets: 'type,tag,kind,city', explain: true, limit: 3, ...given });

const filters = (tenant: Tenant, { spell, hidden }: { spell: (text: string) => string; hidden: Hidden }): Query[] =>
  ['', COMMON, CANARY, VISIBLE.slice(0, 5)].flatMap((q) =>
    [
      { kind: 'contact' as const },
      { kind: 'customer' as const },
      ...[CANARY, 'sichtbar'].map((type) => ({ type: spell(type) })),
      ...[CANARY, COMMON, VISIBLE].map((tag) => ({ tag: spell(tag) })),
      { tag: [spell(COMMON), spell(CANARY)] },
      { customerId: tenant.visible.customer.id },
      { customerId: hidden.customer.id },
      { projectId: tenant.project },
      { projectId: hidden.project },
      { ownerId: tenant.owner.agent?.id ?? '' },
      { hasOpportunities: 'true' as const },
      { hasOpportunities: 'false' as const },
      { access: 'open' as const },
      { access: 'restricted' as const },
      { createdFrom: '2020-01-01', updatedTo: '2120-01-01' },
      { sort: 'name' as const },
      { sort: '-createdAt' as const },
      { sort: '-updatedAt' as const },
    ].map((more) => ({ q, ...more })),
  );

/** An answer without what is of this call or of this tenant only, in small letters. */
function told(answer: k.SearchAnswer | { code: string }) {
  if ('code' in answer) return answer;
  const { explain, tookMs: _, hits, ...rest } = answer;
  const { ms: __, ...plan } = explain ?? {};
  const shown = hits.map(({ id: _, customer, updatedAt: __, ...hit }) => ({ ...hit, customer: customer?.name }));
  return JSON.parse(JSON.stringify({ ...rest, plan, shown }).toLowerCase());
}

/** What must not be found in an answer: the canary, in whatever letters. The spelling that is looked for is in its plan. */
const shownOf = ({ explain: _, ...answer }: k.SearchAnswer) => JSON.stringify(answer);

const SETTLE = { fresh: '3600000', settled: '0' };

describe.each(sized(['settled'] as const, ['fresh', 'settled'] as const))('while everything is %s', (how) => {
  let world: World;
  /** Small letters and hidden entries; and the same in capital letters without them, which is how a stranger must see the first. */
  let tenant: Tenant;
  let twin: Tenant;
  let hidden: Hidden;

  beforeAll(async () => {
    world = await startWorld({
      services: [customerService, service],
      meili: true,
      env: { search: { KONTOR_SEARCH_SETTLE_MS: SETTLE[how] } },
    });
    await untilMade(world);
    [tenant, twin] = await Promise.all([makeTenant(world.ask, spellings.small), makeTenant(world.ask, spellings.capital)]);
    hidden = await hide(world.ask, tenant, spellings.small);
    await indexed();
  }, 120_000);
  afterAll(() => world?.stop());

  const find = (as: Context, query: Query) => world.ask(again(as), k.search, query);
  const answerTo = (as: Context, query: Query) =>
    find(as, query).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'unavailable') return { code: error.code };
      throw error;
    });

  /** Everything has been taken in, and is where it is to be. */
  const indexed = () =>
    eventually(async () => {
      for (const { admin } of [tenant, twin]) {
        const { lag, entries, fresh, rebuild } = await world.ask(again(admin), k.getSearchStatus, {});
        expect([lag.people.waiting, lag.bulk.waiting, rebuild?.state]).toEqual([0, 0, 'finished']);
        expect(how === 'settled' ? fresh : entries).toBe(0);
      }
    }, 60_000);

  /** The stranger is told what an agent of the twin is told, who has nothing hidden from them. */
  async function sameAsTwin(all: readonly [own: Query, twins: Query][]): Promise<void> {
    for (let from = 0; from < all.length; from += 8)
      await Promise.all(
        all.slice(from, from + 8).map(async ([own, twins]) => {
          const [seen, expected] = await Promise.all([answerTo(tenant.stranger, own), answerTo(twin.stranger, twins)]);
          expect({ query: own, ...told(seen) }).toEqual({ query: own, ...told(expected) });
          if (!('code' in seen)) expect(shownOf(seen)).not.toMatch(new RegExp(`${CANARY}|[A-Z]{10}`));
          if (!('code' in expected)) expect(shownOf(expected)).not.toMatch(new RegExp(`${CANARY}|[a-z]{12}`));
        }),
      );
  }
  const both = (given: readonly Query[]): [Query, Query][] => given.map((query) => [listed(query), listed(query)]);

  const filtered = () => {
    const nobodys = { ...hidden, customer: { ...hidden.customer, id: randomUUID() }, project: randomUUID() };
    const own = filters(tenant, { spell: spellings.small, hidden });
    const twins = filters(twin, { spell: spellings.capital, hidden: nobodys });
    return sized(someOf, all)(own.map((query, i): [Query, Query] => [listed(query), listed(twins[i]!)]));
  };

  test('2.10 no clause tells a stranger anything of what is hidden', () => sameAsTwin(both(queries)), 120_000);

  test('2.10 no filter and no sort does', () => sameAsTwin(filtered()), 120_000);

  test('2.10 nor does any page, however deep', async () => {
    for (const q of ['', COMMON, VISIBLE.slice(0, 5)]) {
      const pages = async (as: Context) => {
        const all: unknown[] = [];
        for (let cursor: string | undefined; ; ) {
          const page: k.SearchAnswer = await find(as, { q, limit: 1, cursor });
          all.push(told(page));
          if (page.nextCursor === null) return all;
          cursor = page.nextCursor;
        }
      };
      const seen = await pages(tenant.stranger);
      expect(seen).toEqual(await pages(twin.stranger));
      expect(seen).toHaveLength(5);
      const far = Buffer.from('0.200.3').toString('base64url');
      expect(told(await find(tenant.stranger, { q, cursor: far }))).toEqual(told(await find(twin.stranger, { q, cursor: far })));
    }
  });

  test('2.10 no suggestion tells a stranger anything of what is hidden', async () => {
    const suggested = (as: Context, q: string, kind?: 'contact' | 'customer') => world.ask(again(as), k.suggest, { q, kind, limit: 20 });
    for (const word of [CANARY, COMMON, VISIBLE])
      for (const q of [word, word.slice(0, 1), word.slice(0, 5), `${COMMON} ${word}`, `${word} ${COMMON.slice(0, 4)}`])
        for (const kind of [undefined, 'contact', 'customer'] as const) {
          const texts = async (as: Context) =>
            (await suggested(as, q, kind)).suggestions.map(({ id: _, ...one }) => JSON.stringify(one).toLowerCase());
          expect([q, kind, await texts(tenant.stranger)]).toEqual([q, kind, await texts(twin.stranger)]);
        }
    expect(JSON.stringify((await suggested(tenant.member, CANARY)).suggestions)).toContain(CANARY);
    expect((await suggested(tenant.stranger, VISIBLE)).suggestions).not.toEqual([]);
  });

  test('2.10 to wait for a hidden entry is to wait for one that is not there', async () => {
    for (const id of [hidden.contacts[0]!.id, hidden.contacts[1]!.id, hidden.customer.id, randomUUID()])
      expect((await find(tenant.stranger, { seen: [`contact:${id}:99`] })).total.value).toBe(5);
  });

  test('2.10 an admin, the owner and who is named see all of it', async () => {
    for (const as of [tenant.admin, tenant.owner, tenant.member]) {
      const found = async (query: Query) => (await find(as, query)).total;
      expect(await found({ q: '' })).toEqual({ value: 9, relation: 'exact' });
      for (const q of [CANARY, `*${CANARY.slice(3)}`, `"${CANARY} ${COMMON}"`, `${CANARY}~`, `tag:${CANARY}`])
        expect([q, await found({ q })]).toEqual([q, { value: 4, relation: 'exact' }]);
      expect(await found({ q: HIDDEN_DIGITS })).toEqual({ value: 3, relation: 'exact' });
      expect(await found({ projectId: hidden.project })).toEqual({ value: 1, relation: 'exact' });
      expect(await found({ hasOpportunities: 'true' })).toEqual({ value: 5, relation: 'exact' });
      expect((await find(as, { facets: 'tag,type,city' })).facets).toMatchObject({
        tag: { [COMMON]: 9, [CANARY]: 4, [VISIBLE]: 5 },
        type: { [CANARY]: 4 },
        city: { [CANARY]: 4 },
      });
    }
    expect((await find(twin.admin, { q: '' })).total.value).toBe(5);
  });

  test('2.10 what was taken away is gone from the answers at once, and from their numbers as soon as it is indexed', async () => {
    const alone = tenant.visible.contacts[2]!;
    await world.ask(again(tenant.owner), k.changeContact, { id: alone.id, change: { access: { restricted: true } } });
    const { hits } = await find(tenant.stranger, { q: '', limit: 200 });
    expect(hits.map(({ id }) => id)).not.toContain(alone.id);
    expect(hits).toHaveLength(4);
    await world.ask(again(twin.owner), k.deleteContact, { id: twin.visible.contacts[2]!.id });
    await indexed();
    await sameAsTwin([...both(queries.slice(0, 20)), ...filtered()]);

    // The customer takes its contacts with it.
    const restrict = { id: tenant.visible.customer.id, change: { access: { restricted: true } } };
    await world.ask(again(tenant.owner), k.changeCustomer, restrict);
    const left = (await find(tenant.stranger, { q: '', limit: 200 })).hits.map(({ id }) => id);
    expect(left).toEqual([tenant.visible.contacts[3]!.id]);
    await world.ask(again(twin.owner), k.deleteCustomer, { id: twin.visible.customer.id });
    await indexed();
    await sameAsTwin([...both(queries.slice(0, 20)), ...filtered()]);
  }, 120_000);

  test('2.10 nor does what is still answered while Meilisearch is away', async () => {
    await world.meili.kill();
    const some = [...queries.filter(({ q = '' }) => /[@\d]|code:|email:/.test(q)), ...queries.slice(0, 5)];
    await sameAsTwin(both(some));
    const { degraded, total } = await find(tenant.admin, { q: HIDDEN_DIGITS });
    expect([degraded, total.value]).toEqual([true, 3]);
  }, 120_000);
});
