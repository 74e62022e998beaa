// `npm run kontor -- search status|rebuild|verify`: looks after the search index of a running hub, over its HTTP API.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchStatus } from '@kontor/contracts';
import { DataFolder } from './data-folder.js';
import { askSearch, findHub, type HubApi, HubAway } from './hub-api.js';
import { readArguments, type SearchCommand, usage } from './kontor-arguments.js';
import { describeProgress, describeStatus, isGood } from './search-status.js';
import { messageOf } from './setup-error.js';

const EVERY_MS = 500;
// So long a hub may be away while something runs in it: a restart.
const MOST_MISSES = 120;
const out = process.stdout;

async function main(): Promise<void> {
  const command = readArguments(process.argv.slice(2));
  if (!command) return console.log(usage);
  const hub = await findHub(process.env, new DataFolder(), command.tenant);
  if (command.action === 'status') return showStatus(hub, command.watch);
  const status = await carryOut(hub, command.action, command.deep);
  console.log(describeStatus(status).join('\n'));
  if (!isGood(command.action, status)) process.exitCode = 1;
}

async function showStatus(hub: HubApi, watch: boolean): Promise<void> {
  for (let last = ''; ; await sleep(2 * EVERY_MS)) {
    const lines = describeStatus(await askSearch(hub, 'GET', 'status')).join('\n');
    if (lines !== last) console.log(`${watch && out.isTTY ? '\x1b[H\x1b[2J' : ''}${lines}`);
    last = lines;
    if (!watch) return;
  }
}

/** Begins it, and shows how far it is until it has ended. */
async function carryOut(hub: HubApi, action: Exclude<SearchCommand['action'], 'status'>, deep: boolean): Promise<SearchStatus> {
  let status = await askSearch(hub, 'POST', action, action === 'verify' ? { deep } : undefined);
  let misses = 0;
  let tenth = -1;
  for (let run = status[action]; run?.state === 'running'; run = status[action]) {
    const now = run.total > 0 ? Math.floor((run.done / run.total) * 10) : 0;
    if (out.isTTY) out.write(`\r\x1b[2K${describeProgress(run)}`);
    else if (now !== tenth) console.log(describeProgress(run));
    tenth = now;
    await sleep(EVERY_MS);
    const answer = await askSearch(hub, 'GET', 'status').catch((error: unknown) => {
      if (!(error instanceof HubAway) || ++misses > MOST_MISSES) throw error;
    });
    if (answer) {
      status = answer;
      misses = 0;
    }
  }
  if (out.isTTY) out.write('\r\x1b[2K');
  return status;
}

try {
  await main();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
