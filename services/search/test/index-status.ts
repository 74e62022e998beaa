import type { Context } from '@kontor/bus';
import { getSearchStatus, type SearchStatus, search, verifyIndex } from '@kontor/contracts';
import { again, anAgent, eventually, type World } from '@kontor/testing';

/** Asks for a moment only: a replica that is paused is asked, too, and does not answer. */
export const shortly = (agent: Context, ms = 3_000): Context => again(agent, { deadline: Date.now() + ms });

export const statusOf = (world: World, agent: Context): Promise<SearchStatus> =>
  eventually(() => world.ask(shortly(agent), getSearchStatus, {}), 60_000);

/** While the index is made for the first time, it may take entries in before their events come. */
export const untilMade = (world: World) =>
  eventually(async () => {
    const { rebuild } = await world.ask(anAgent(), getSearchStatus, {});
    if (rebuild?.state !== 'finished') throw new Error(`the index is not made yet: ${JSON.stringify(rebuild)}`);
  }, 60_000);

/** Until all events have been worked off, and nothing is being done to the index. */
export const untilQuiet = (world: World, agent: Context, withinMs = 150_000) =>
  eventually(async () => {
    const { lag, rebuild, verify, state } = await statusOf(world, agent);
    const now = { state, people: lag.people.waiting, bulk: lag.bulk.waiting, rebuild: rebuild?.state, verify: verify?.state ?? 'finished' };
    const quiet = { state: 'ready', people: 0, bulk: 0, rebuild: 'finished', verify: 'finished' };
    if (JSON.stringify(now) !== JSON.stringify(quiet)) throw new Error(`not quiet yet: ${JSON.stringify(now)}`);
  }, withinMs);

/** What a deep verification finds to be wrong. */
export async function verified(world: World, agent: Context) {
  const before = (await statusOf(world, agent)).verify?.startedAt;
  await eventually(() => world.ask(shortly(agent), verifyIndex, { deep: true }), 30_000);
  return eventually(async () => {
    const { verify } = await statusOf(world, agent);
    if (verify?.state !== 'finished' || verify.startedAt === before)
      throw new Error(`the verification is ${verify?.state}: ${verify?.error}`);
    return verify.report;
  }, 150_000);
}
export const NOTHING_WRONG = { missing: 0, stale: 0, surplus: 0, words: 0 };

export const totalOf = (world: World, agent: Context, q: string, withinMs = 10_000) =>
  world.ask(shortly(agent, withinMs), search, { q, limit: 1 }).then(({ total, degraded }) => ({ ...total, ...(degraded && { degraded }) }));
