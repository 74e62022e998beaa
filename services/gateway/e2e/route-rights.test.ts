import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiControllers } from '../src/api-controllers.js';
import { routesIn } from '../src/http/controller.js';
import { type Route } from '../src/http/route.js';
import { type Answer, problemIn } from '../test/start-gateway.js';
import type { Ask, Outcome, Row } from './route-outcomes.js';
import { type Caller, callers, makeScene, type Scene } from './route-scene.js';
import { table } from './route-table.js';
import { type Hub, startHub } from './start-hub.js';

let hub: Hub;
let scene: Scene;
beforeAll(async () => {
  hub = await startHub();
  scene = await makeScene(hub);
}, 120_000);
afterAll(() => hub.stop());

const routes = routesIn(apiControllers).map((route) => [`${route.method} ${route.path}`, route] as const);

/** What came, in the words of the table. */
function outcomeOf(answer: Answer, told: boolean, expected: Outcome): string {
  if (answer.status >= 400) return problemIn(answer).status + (told ? ' and shows' : '');
  if (expected === 'shows' || expected === 'hides') return told ? 'shows' : 'hides';
  const [item, ...more] = (answer.json as { items?: { status?: number }[] } | undefined)?.items ?? [];
  if (`${expected}`.startsWith('item')) return more.length === 0 ? `item ${item?.status}` : 'several items';
  return expected === 'done' ? 'done' : `${answer.status}`;
}

/** Calls a route as a row says, as everybody; gives what is wrong. Those who are refused all ask about one thing. */
async function differencesOf(route: Route, row: Row): Promise<string[]> {
  let refused: Promise<Ask> | undefined;
  const ask = async (caller: Caller): Promise<Ask> => {
    if (typeof row.expected[caller] !== 'number') return row.ask(scene, caller);
    refused ??= Promise.resolve(row.ask(scene, 'stranger'));
    return refused;
  };
  return (await Promise.all(callers.map(async (caller) => differenceOf(route, row.expected[caller], caller, await ask(caller))))).flat();
}

async function differenceOf({ method, path }: Route, expected: Outcome, caller: Caller, ask: Ask): Promise<string[]> {
  const address = `${path.replace(/:(\w+)/g, (_, name: 'id') => ask[name] ?? name)}${ask.query ? `?${ask.query}` : ''}`;
  const answer = await scene.calls[caller](method, address, ask.body, ask.headers);
  const asked = address + (typeof ask.body === 'object' ? JSON.stringify(ask.body) : '');
  const said = answer.text + JSON.stringify([...answer.headers]);
  const told = [...scene.secrets, ...(ask.hidden ?? [])].some((secret) => said.includes(secret) && !asked.includes(secret));
  const hidden = ['nobody', 'foreigner', 'stranger'].includes(caller) && expected !== 'shows';
  const came = hidden && told && answer.status < 400 ? 'shows' : outcomeOf(answer, told, expected);
  return came === `${expected}` ? [] : [`${caller}: expected ${expected}, got ${came}: ${answer.status} ${answer.text.slice(0, 300)}`];
}

describe('2.10, 2.11 every route of the gateway', () => {
  it('has a row in the table, and every row its route', () => {
    expect(Object.keys(table).sort()).toEqual(routes.map(([name]) => name).sort());
  });

  it.each(routes)(
    '%s',
    async (name, route) => {
      const differences: string[] = [];
      for (const row of [table[name] ?? []].flat()) differences.push(...(await differencesOf(route, row)));
      expect(differences).toEqual([]);
    },
    30_000,
  );
});
