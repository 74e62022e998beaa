import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Context } from '@kontor/bus';
import * as k from '@kontor/contracts';
import { aContact, aCustomer, again, anAgent, eventually, sized, startWorld, type World } from '@kontor/testing';
import pg from 'pg';
import { service } from '../src/index.js';
import { holdNewestContact } from './hold-newest.js';
import { refusal } from './refusal.js';
import { withSmallLimits } from './small-limits.js';

let world: World;
/** Queries the database directly. */
let db: pg.Client;
const heard: { subject: string; changes: k.Change[]; tenant: string }[] = [];
beforeAll(async () => {
  world = await startWorld({ services: [service] });
  db = new pg.Client(world.databases.customer?.migrationUrl);
  await db.connect();
  world.bus.connection.subscribe('events.>', {
    callback: (_, m) => {
      heard.push({ subject: m.subject, tenant: m.headers?.get('Kontor-Tenant') ?? '', ...(m.json() as { changes: k.Change[] }) });
    },
  });
});
afterAll(async () => {
  await db.end();
  await world.stop();
});

const contactOf = (agent: Context, id: string) => world.ask(again(agent), k.getContact, { id });
const settingsOf = (agent: Context) => world.ask(again(agent), k.getSettings, {});
const field = (given: Partial<k.CustomField>): k.CustomField => ({ key: 'f', label: 'F', kind: 'text', for: 'contact', ...given });

describe('types', () => {
  it('2.7 are renamed in all entries, including those in the bin, each with a version, history and event', async () => {
    const agent = anAgent();
    const warm = await world.ask(again(agent), k.createContact, aContact({ type: 'warm' }));
    const other = await world.ask(again(agent), k.createContact, aContact({ type: 'hot' }));
    const binned = await world.ask(again(agent), k.createContact, aContact({ type: 'warm' }));
    await world.ask(again(agent), k.deleteContact, { id: binned.id });
    const firm = await world.ask(again(agent), k.createCustomer, aCustomer({ type: 'warm' }));
    const version = (await settingsOf(agent)).version;

    expect(await world.ask(again(agent), k.renameType, { from: 'warm', to: 'lukewarm' })).toEqual({ contacts: 2, customers: 1 });
    const settings = await settingsOf(agent);
    expect(settings.types).toEqual(['cold', 'lukewarm', 'hot']);
    expect(settings.version).toBeGreaterThan(version);
    expect(await contactOf(agent, warm.id)).toMatchObject({ type: 'lukewarm', version: 2 });
    expect(await contactOf(agent, other.id)).toMatchObject({ type: 'hot', version: 1 });
    expect(await world.ask(agent, k.getCustomer, { id: firm.id })).toMatchObject({ type: 'lukewarm', version: 2 });
    const inBin = await db.query('select type, version from contact where id = $1', [binned.id]);
    expect(inBin.rows).toEqual([{ type: 'lukewarm', version: 3 }]);
    const { items } = await world.ask(agent, k.getContactHistory, { id: warm.id });
    expect(items[0]).toMatchObject({
      version: 2,
      fields: [{ field: 'type', from: 'warm', to: 'lukewarm' }],
      agent: { id: agent.agent?.id },
    });
    await eventually(() => {
      const told = heard.filter((h) => h.tenant === agent.tenant).flatMap(({ changes }) => changes.filter(({ fields }) => fields));
      expect(told.map(({ id }) => id).sort()).toEqual([warm.id, firm.id].sort());
      expect(new Set(told.flatMap(({ fields }) => fields))).toEqual(new Set(['type']));
    });
  });

  it('2.7 a type in use is removed only with a replacement; the error has the number of uses, as when changing the settings', async () => {
    const agent = anAgent();
    const [a, b] = [
      await world.ask(again(agent), k.createContact, aContact({ type: 'warm' })),
      await world.ask(again(agent), k.createContact, aContact({ type: 'cold' })),
    ];
    await world.ask(again(agent), k.createCustomer, aCustomer({ type: 'warm' }));
    const error = await refusal(world.ask(again(agent), k.removeType, { type: 'warm' }));
    expect(error).toMatchObject({ code: 'conflict', details: { used: 2, contacts: 1, customers: 1 } });
    expect(error.message).toMatch(/1 contacts and 1 customers.*replacement/);
    const patch = await refusal(world.ask(again(agent), k.changeSettings, { change: { types: ['cold', 'hot'] } }));
    expect(patch.message).toMatch(/settings\/types\/rename/);
    expect(await world.ask(again(agent), k.removeType, { type: 'warm', replacement: 'hot' })).toEqual({ contacts: 1, customers: 1 });
    expect(await contactOf(agent, a.id)).toMatchObject({ type: 'hot' });
    expect(await world.ask(again(agent), k.removeType, { type: 'cold', replacement: null })).toEqual({ contacts: 1, customers: 0 });
    expect(await contactOf(agent, b.id)).toMatchObject({ type: null });
    expect((await settingsOf(agent)).types).toEqual(['hot']);
    await world.ask(again(agent), k.changeSettings, { change: { types: ['hot', 'unused'] } });
    expect(await world.ask(again(agent), k.removeType, { type: 'unused' })).toEqual({ contacts: 0, customers: 0 });
  });

  it.each([
    [k.renameType, { from: 'none', to: 'x' }, 'invalid', 'from'],
    [k.renameType, { from: 'warm', to: 'hot' }, 'conflict', 'to'],
    [k.removeType, { type: 'none' }, 'invalid', 'type'],
    [k.removeType, { type: 'warm', replacement: 'warm' }, 'invalid', 'replacement'],
    [k.renameCustomField, { for: 'contact' as const, key: 'none', to: 'x' }, 'invalid', 'key'],
    [k.removeFieldOption, { for: 'contact' as const, key: 'none', option: 'x' }, 'invalid', 'key'],
    [k.renameTags, { from: ['a'], to: 'a' }, 'invalid', 'to'],
  ])('2.7 %j refuses %j', async (contract, input, code, path) => {
    const error = await refusal(world.ask(anAgent(), contract as typeof k.renameType, input as never));
    expect([error.code, error.details.errors?.[0]?.path]).toEqual([code, path]);
  });

  it('2.11 only admins may do that', async () => {
    const agent = anAgent({ roles: ['agent'] });
    for (const attempt of [
      world.ask(agent, k.renameType, { from: 'warm', to: 'x' }),
      world.ask(agent, k.renameTags, { from: ['a'], to: 'b' }),
      world.ask(agent, k.removeCustomField, { for: 'contact', key: 'a', drop: true }),
    ].map(refusal))
      expect(await attempt).toMatchObject({ code: 'forbidden' });
  });

  it('10 the same Idempotency-Key has one effect', async () => {
    const agent = anAgent({ idempotencyKey: 'rename' });
    await world.ask(again(agent, { idempotencyKey: undefined }), k.createContact, aContact({ type: 'warm' }));
    const first = await world.ask(again(agent), k.renameType, { from: 'warm', to: 'x' });
    expect(await world.ask(again(agent), k.renameType, { from: 'warm', to: 'x' })).toEqual(first);
  });

  it(
    '2.7 more than 1,000 entries are changed by a job: both types exist until it ends; it survives a restart, and includes entries that get the old type meanwhile',
    withSmallLimits(async () => {
      const MANY = sized(50, 5_000);
      const agent = anAgent();
      for (let i = 0; i < 5; i++)
        await world.ask(again(agent), k.createContacts, {
          items: Array.from({ length: MANY / 5 }, (_, j) => ({ lastName: `${i} ${j}`, type: 'warm' })),
        });
      const letGo = await holdNewestContact(world.databases.customer?.migrationUrl, agent.tenant);
      const { job, ...counts } = await world.ask(again(agent), k.renameType, { from: 'warm', to: 'lukewarm' });
      expect(counts).toEqual({ contacts: MANY, customers: 0 });
      const done = async () => Number((await db.query('select done from job where id = $1', [job?.id])).rows[0]?.done);
      expect((await settingsOf(agent)).types).toEqual(['cold', 'warm', 'lukewarm', 'hot']);
      const late = await world.ask(again(agent), k.createContact, aContact({ type: 'warm' }));
      await eventually(async () => expect(await done()).toBeGreaterThan(0), 20_000);
      await world.running.get('customer')?.stop();
      await letGo();
      expect(await done()).toBeLessThan(MANY);
      const { rows } = await db.query('select types from settings where tenant_id = $1', [agent.tenant]);
      expect(rows[0].types).toEqual(['cold', 'warm', 'lukewarm', 'hot']);
      world.running.set('customer', await service.start(world.env('customer')));
      await eventually(
        async () => expect(await world.ask(again(agent), k.getJob, { id: job?.id ?? '' })).toMatchObject({ state: 'finished' }),
        60_000,
      );
      expect((await settingsOf(agent)).types).toEqual(['cold', 'lukewarm', 'hot']);
      expect((await world.ask(agent, k.getJob, { id: job?.id ?? '' })).result).toEqual({ contacts: MANY + 1, customers: 0 });
      const all = await db.query('select type, version, count(*)::int as n from contact where tenant_id = $1 group by 1, 2', [
        agent.tenant,
      ]);
      expect(all.rows).toEqual([{ type: 'lukewarm', version: 2, n: MANY + 1 }]);
      expect(await contactOf(agent, late.id)).toMatchObject({ type: 'lukewarm' });
      await eventually(() =>
        expect(
          heard
            .filter((h) => h.tenant === agent.tenant && h.subject.endsWith('.bulk'))
            .flatMap((h) => h.changes)
            .filter(({ change }) => change === 'updated'),
        ).toHaveLength(MANY + 1),
      );
    }),
    120_000,
  );
});

describe('custom fields', () => {
  it('2.8 are renamed with their values; labels are changed in the settings', async () => {
    const agent = anAgent();
    const customFields = [
      field({ key: 'size', kind: 'number' }),
      field({ key: 'size', kind: 'text', for: 'customer' }),
      field({ key: 'last' }),
    ];
    await world.ask(again(agent), k.changeSettings, { change: { customFields } });
    const made = await world.ask(again(agent), k.createContact, aContact({ customFields: { size: 3, last: 'x' } }));
    const firm = await world.ask(again(agent), k.createCustomer, aCustomer({ customFields: { size: 'big' } }));
    expect(await world.ask(again(agent), k.renameCustomField, { for: 'contact', key: 'size', to: 'width' })).toEqual({
      contacts: 1,
      customers: 0,
    });
    expect((await settingsOf(agent)).customFields.map((one) => `${one.for} ${one.key} ${one.label}`)).toEqual([
      'contact width F',
      'customer size F',
      'contact last F',
    ]);
    expect(await contactOf(agent, made.id)).toMatchObject({ customFields: { width: 3, last: 'x' }, version: 2 });
    expect(await world.ask(agent, k.getCustomer, { id: firm.id })).toMatchObject({ customFields: { size: 'big' }, version: 1 });
    const relabelled = (await settingsOf(agent)).customFields.map((one) => ({ ...one, label: 'Breite' }));
    expect((await world.ask(again(agent), k.changeSettings, { change: { customFields: relabelled } })).customFields[0]?.label).toBe(
      'Breite',
    );
    expect(await contactOf(agent, made.id)).toMatchObject({ version: 2 });
    expect(await refusal(world.ask(again(agent), k.renameCustomField, { for: 'contact', key: 'width', to: 'last' }))).toMatchObject({
      code: 'conflict',
    });
  });

  it('2.8 a field in use is removed only if its values are moved to another field or dropped', async () => {
    const agent = anAgent();
    const customFields = [field({ key: 'a' }), field({ key: 'b', kind: 'long_text' }), field({ key: 'n', kind: 'number' })];
    await world.ask(again(agent), k.changeSettings, { change: { customFields } });
    const one = await world.ask(again(agent), k.createContact, aContact({ customFields: { a: 'from a', n: 1 } }));
    const two = await world.ask(again(agent), k.createContact, aContact({ customFields: { a: 'from a', b: 'own' } }));
    const input = { for: 'contact' as const, key: 'a' };
    const error = await refusal(world.ask(again(agent), k.removeCustomField, input));
    expect(error).toMatchObject({ code: 'conflict', details: { used: 2 } });
    expect(error.message).toMatch(/moveTo.*drop/);
    for (const moveTo of ['n', 'a', 'none'])
      expect(await refusal(world.ask(again(agent), k.removeCustomField, { ...input, moveTo }))).toMatchObject({ code: 'invalid' });
    expect(await world.ask(again(agent), k.removeCustomField, { ...input, moveTo: 'b' })).toEqual({ contacts: 2, customers: 0 });
    expect((await contactOf(agent, one.id)).customFields).toEqual({ b: 'from a', n: 1 });
    expect((await contactOf(agent, two.id)).customFields).toEqual({ b: 'own' });
    await world.ask(again(agent), k.removeCustomField, { for: 'contact', key: 'n', drop: true });
    expect((await contactOf(agent, one.id)).customFields).toEqual({ b: 'from a' });
    expect((await settingsOf(agent)).customFields.map(({ key }) => key)).toEqual(['b']);
    const { items } = await world.ask(agent, k.getContactHistory, { id: one.id });
    expect(items[0]?.fields).toEqual([{ field: 'customFields', from: { b: 'from a', n: 1 }, to: { b: 'from a' } }]);
  });

  it('2.8 options in use are not removed silently: they are renamed, or removed with a replacement', async () => {
    const agent = anAgent();
    const customFields = [
      field({ key: 's', kind: 'select', options: ['red', 'green', 'blue'] }),
      field({ key: 'm', kind: 'multi_select', options: ['red', 'green', 'blue'] }),
    ];
    await world.ask(again(agent), k.changeSettings, { change: { customFields } });
    const made = await world.ask(again(agent), k.createContact, aContact({ customFields: { s: 'red', m: ['red', 'green'] } }));
    const values = async () => (await contactOf(agent, made.id)).customFields;
    for (const i of [0, 1]) {
      const fewer = customFields.map((one, j) => (i === j ? { ...one, options: ['green', 'blue'] } : one));
      const error = await refusal(world.ask(again(agent), k.changeSettings, { change: { customFields: fewer } }));
      expect(error).toMatchObject({ code: 'conflict', details: { used: 1, errors: [{ code: 'in-use' }] } });
      expect(error.message).toMatch(/"red" of "[sm]".*options\/rename/);
    }
    await world.ask(again(agent), k.renameFieldOption, { for: 'contact', key: 's', from: 'red', to: 'rot' });
    expect(await values()).toEqual({ s: 'rot', m: ['red', 'green'] });
    await world.ask(again(agent), k.renameFieldOption, { for: 'contact', key: 'm', from: 'red', to: 'rot' });
    expect(await values()).toEqual({ s: 'rot', m: ['rot', 'green'] });
    expect(await refusal(world.ask(again(agent), k.removeFieldOption, { for: 'contact', key: 'm', option: 'rot' }))).toMatchObject({
      details: { used: 1 },
    });
    await world.ask(again(agent), k.removeFieldOption, { for: 'contact', key: 'm', option: 'rot', replacement: 'green' });
    await world.ask(again(agent), k.removeFieldOption, { for: 'contact', key: 's', option: 'rot', replacement: null });
    expect(await values()).toEqual({ m: ['green'] });
    expect((await settingsOf(agent)).customFields.map(({ options }) => options)).toEqual([
      ['green', 'blue'],
      ['green', 'blue'],
    ]);
  });

  it('2.8 the kind of a field in use cannot be changed', async () => {
    const agent = anAgent();
    await world.ask(again(agent), k.changeSettings, { change: { customFields: [field({})] } });
    await world.ask(again(agent), k.createContact, aContact({ customFields: { f: 'x' } }));
    const change = { customFields: [field({ kind: 'number' })] };
    expect(await refusal(world.ask(again(agent), k.changeSettings, { change }))).toMatchObject({ code: 'conflict', details: { used: 1 } });
  });
});

describe('tags', () => {
  const tagsOf = async (agent: Context) => (await world.ask(again(agent), k.listTags, {})).items;

  it('2.7 are renamed and merged in contacts and customers, including those in the bin', async () => {
    const agent = anAgent();
    const make = (tags: string[]) => world.ask(again(agent), k.createContact, aContact({ tags }));
    const both = await make(['VIP', 'x', 'vip']);
    const one = await make(['V.I.P.']);
    const none = await make(['x']);
    const binned = await make(['VIP']);
    await world.ask(again(agent), k.deleteContact, { id: binned.id });
    await world.ask(again(agent), k.createCustomer, aCustomer({ tags: ['VIP'] }));
    expect(await world.ask(again(agent), k.renameTags, { from: ['VIP', 'V.I.P.'], to: 'vip' })).toEqual({ contacts: 3, customers: 1 });
    expect(await contactOf(agent, both.id)).toMatchObject({ tags: ['vip', 'x'], version: 2 });
    expect(await contactOf(agent, one.id)).toMatchObject({ tags: ['vip'], version: 2 });
    expect(await contactOf(agent, none.id)).toMatchObject({ tags: ['x'], version: 1 });
    expect((await db.query('select tags from contact where id = $1', [binned.id])).rows).toEqual([{ tags: ['vip'] }]);
    expect(await tagsOf(agent)).toEqual([
      { tag: 'vip', contacts: 2, customers: 1 },
      { tag: 'x', contacts: 2, customers: 0 },
    ]);
    expect((await world.ask(agent, k.listContacts, { tag: 'vip' })).items).toHaveLength(2);
    expect(await world.ask(again(agent), k.renameTags, { from: ['nobody has it'], to: 'vip' })).toEqual({ contacts: 0, customers: 0 });
  });

  it(
    '2.7 a tag of more than 1,000 entries is renamed by a job',
    withSmallLimits(async () => {
      const MANY = sized(20, 2_000);
      const agent = anAgent();
      for (let i = 0; i < 2; i++)
        await world.ask(again(agent), k.createContacts, {
          items: Array.from({ length: MANY / 2 }, (_, j) => ({ lastName: `${j}`, tags: [`t${i}`, 'both'] })),
        });
      const { job } = await world.ask(again(agent), k.renameTags, { from: ['t0', 't1', 'both'], to: 'one' });
      await eventually(
        async () => expect(await world.ask(again(agent), k.getJob, { id: job?.id ?? '' })).toMatchObject({ state: 'finished' }),
        60_000,
      );
      expect(await tagsOf(agent)).toEqual([{ tag: 'one', contacts: MANY, customers: 0 }]);
      expect((await world.ask(again(agent), k.getJob, { id: job?.id ?? '' })).result).toEqual({ contacts: MANY, customers: 0 });
    }),
    60_000,
  );

  it('2.10 are counted as far as the caller may see the entries, with paging', async () => {
    const boss = anAgent();
    const agent = anAgent({ tenant: boss.tenant, roles: ['agent'], teams: ['Nord'] });
    await world.ask(boss, k.seeAgent, {});
    await world.ask(agent, k.seeAgent, {});
    const hidden = { access: { restricted: true } };
    const forTeam = { access: { restricted: true, teams: [{ name: 'Nord', rights: 'read' as const }] } };
    for (const more of [{}, hidden, forTeam]) await world.ask(again(boss), k.createContact, aContact({ tags: ['a', 'm'], ...more }));
    await world.ask(again(boss), k.createContact, aContact({ tags: ['secret', 'z'], ...hidden }));
    await world.ask(again(boss), k.createContact, aContact({ tags: ['z'] }));
    await world.ask(
      again(boss),
      k.createCustomer,
      aCustomer({ tags: ['m', 'secret too'], ...hidden, contacts: [{ lastName: 'N', tags: ['m', 'm2'] }] }),
    );
    await world.ask(again(boss), k.createCustomer, aCustomer({ tags: ['m'] }));
    expect(await tagsOf(agent)).toEqual([
      { tag: 'a', contacts: 2, customers: 0 },
      { tag: 'm', contacts: 2, customers: 1 },
      { tag: 'z', contacts: 1, customers: 0 },
    ]);
    expect(await tagsOf(boss)).toEqual([
      { tag: 'a', contacts: 3, customers: 0 },
      { tag: 'm', contacts: 4, customers: 2 },
      { tag: 'm2', contacts: 1, customers: 0 },
      { tag: 'secret', contacts: 1, customers: 0 },
      { tag: 'secret too', contacts: 0, customers: 1 },
      { tag: 'z', contacts: 2, customers: 0 },
    ]);
    for (const one of [agent, boss]) {
      const seen: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await world.ask(again(one), k.listTags, { limit: 1, cursor });
        seen.push(...page.items.map(({ tag }) => tag));
        if (!page.nextCursor) break;
        cursor = page.nextCursor;
      }
      expect(seen).toEqual((await tagsOf(one)).map(({ tag }) => tag));
    }
    expect((await world.ask(again(agent), k.listTags, { startsWith: 'm' })).items).toEqual([{ tag: 'm', contacts: 2, customers: 1 }]);
    expect((await world.ask(again(boss), k.listTags, { startsWith: 'secret' })).items).toHaveLength(2);
    expect((await world.ask(again(agent), k.listTags, { startsWith: 'secret' })).items).toEqual([]);
  });
});
