import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppError } from '@kontor/bus';
import { exportContacts, seeAgent } from '@kontor/contracts';
import { eventually } from '@kontor/testing';
import { answer, standIn } from './stand-in.js';
import { type Gateway, problemIn, startGateway } from './start-gateway.js';

let gateway: Gateway;
let asked: { cursor?: string | undefined; customFields?: string[] | undefined; tag?: unknown }[] = [];
/** What becomes of the page at this cursor. */
let give: (cursor: string | undefined) => { csv: string; nextCursor: string | null };
const customer = standIn('customer', [
  answer(seeAgent, () => ({})),
  answer(exportContacts, ({ cursor, customFields, tag }) => {
    asked.push({ cursor, customFields, tag });
    return { ...give(cursor), customFields: ['size'] };
  }),
]);
beforeAll(async () => {
  gateway = await startGateway({ services: [customer] });
});
afterAll(() => gateway.stop());

const path = '/v1/contacts/export.csv?tag=a&tag=b';

describe('an export', () => {
  it('7.10 is put together from pages that all have the filters and the columns of the first', async () => {
    asked = [];
    give = (cursor) => ({ csv: `page ${cursor ?? 1}\r\n`, nextCursor: cursor === undefined ? '2' : cursor === '2' ? '3' : null });
    const call = await gateway.as();
    expect((await call('GET', path)).text).toBe('page 1\r\npage 2\r\npage 3\r\n');
    expect(asked).toEqual([
      { tag: ['a', 'b'] },
      { tag: ['a', 'b'], cursor: '2', customFields: ['size'] },
      { tag: ['a', 'b'], cursor: '3', customFields: ['size'] },
    ]);
  });

  it('7.10 that is refused is a problem and no file', async () => {
    give = () => {
      throw new AppError('busy', 'not now', { retryAfter: 1 });
    };
    expect(problemIn(await (await gateway.as())('GET', path))).toMatchObject({ status: 503, code: 'busy' });
  });

  it('7.10 that fails midway is cut off, so that half of it is not mistaken for the whole', async () => {
    give = (cursor) => {
      if (cursor) throw new AppError('not-found', 'gone');
      return { csv: 'x'.repeat(100_000), nextCursor: '2' };
    };
    await expect((await gateway.as())('GET', path)).rejects.toThrow(/terminated|fetch failed/);
  });

  it('7.10 is read no further than the client takes it, and ends when the client goes', async () => {
    asked = [];
    give = (cursor) => ({ csv: 'x'.repeat(1_000_000), nextCursor: `${Number(cursor ?? 1) + 1}` });
    const gone = new AbortController();
    const authorization = `Bearer ${await gateway.identity.token()}`;
    const { body } = await fetch(gateway.url + path, { headers: { authorization }, signal: gone.signal });
    await body?.getReader().read();
    const pages = await eventually(async () => {
      const before = asked.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(asked.length).toBe(before);
      return before;
    });
    // What the operating system keeps for a connection, and a page or two of our own.
    expect(pages).toBeLessThan(20);
    gone.abort();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(asked.length - pages).toBeLessThan(3);
  });

  it('7.10 asked for its head only is not made', async () => {
    asked = [];
    give = () => ({ csv: 'x', nextCursor: '2' });
    expect((await (await gateway.as())('HEAD', path)).status).toBe(200);
    expect(asked).toHaveLength(1);
  });
});
