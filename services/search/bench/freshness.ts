// How long it takes until what was written can be found.
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchHub, caller } from '@kontor/testing/bench';
import type { Random } from '../test/random.js';
import { makeCsv } from './people.js';

type Call = BenchHub['call'];

const SYLLABLES = 'ba ke di lo mu ra se ti vo zu fa ne gi pro kla dre schi stu'.split(' ');

/** Milliseconds from sending a new contact to the first search that finds it. */
async function visibleAfter(call: Call, { pick }: Random): Promise<number> {
  const word = Array.from({ length: 7 }, () => pick(SYLLABLES)).join('');
  const start = performance.now();
  const { id } = await call<{ id: string }>('POST', '/v1/contacts', { firstName: 'Neu', lastName: word });
  for (;;) {
    const { total } = await call<{ total: { value: number } }>('GET', `/v1/search?q=${word}&limit=1`);
    if (total.value > 0) break;
    await sleep(2);
  }
  const taken = performance.now() - start;
  await call('DELETE', `/v1/contacts/${id}`);
  return taken;
}

/** With nothing else going on. */
export async function visibleAlone(call: Call, random: Random, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) taken.push(await visibleAfter(call, random));
  return taken;
}

interface ImportState {
  state: string;
  error?: string;
  progress: { rows: number; done: number };
}

/** While another tenant imports so many people, spread over the import. A short import has no time for all of them. */
export async function visibleBesideImport({ hub, call }: BenchHub, rows: number, random: Random, times: number): Promise<number[]> {
  const other = caller(hub.api, await hub.token({ tenant: 'bench-beside', role: 'admin' }));
  const form = new FormData();
  form.set('kind', 'contacts');
  form.set('file', makeCsv(rows, Date.now()), 'beside.csv');
  const { id } = await other<{ id: string }>('POST', '/v1/imports?start=true', form);
  const taken: number[] = [];
  for (;;) {
    const { state, error, progress } = await other<ImportState>('GET', `/v1/imports/${id}`);
    if (state === 'failed') throw new Error(`the import failed: ${error}`);
    if (state === 'finished') return taken;
    if (progress.done > 0 && taken.length < times && progress.done >= (rows * taken.length) / times)
      taken.push(await visibleAfter(call, random));
    else await sleep(50);
  }
}
