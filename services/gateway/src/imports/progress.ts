import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isTransient } from '@kontor/bus';
import { byId, getImport, type Import } from '@kontor/contracts';
import { route } from '../http/route.js';

const BETWEEN_MS = 250;
const HEARTBEAT_MS = 15_000;
const ENDED: readonly Import['state'][] = ['finished', 'failed', 'cancelled'];

export const progress = route('GET', ':id/progress', {
  name: 'followImport',
  summary: 'Follows an import: one event for each change, at most four a second, until it has ended',
  audience: getImport.audience,
  input: byId,
  produces: 'text/event-stream',
  async answer({ bus, context, input, request, reply }) {
    const read = () => bus.request(getImport, input, context);
    const first = await read(); // an import that is not there is a 404, not a stream of nothing
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const events = request.method === 'HEAD' ? [] : follow(first, read, AbortSignal.any([gone.signal, request.server.stopping]));
    // Proxies that collect answers would hold the events back.
    return reply
      .type('text/event-stream')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(events, { objectMode: false }));
  },
});

/** Reads on until the import has ended, or nobody listens any more. */
async function* follow(first: Import, read: () => Promise<Import>, over: AbortSignal): AsyncGenerator<string> {
  let said = '';
  let saidAt = Date.now();
  for (let now = first; ; now = (await read().catch(goOn)) ?? now) {
    const news = JSON.stringify({ id: now.id, state: now.state, progress: now.progress, error: now.error });
    if (news !== said) yield `event: progress\ndata: ${news}\n\n`;
    else if (Date.now() - saidAt > HEARTBEAT_MS) yield ': still here\n\n';
    if (news !== said || Date.now() - saidAt > HEARTBEAT_MS) saidAt = Date.now();
    said = news;
    if (ENDED.includes(now.state)) return;
    await sleep(BETWEEN_MS, undefined, { signal: over }).catch(() => {});
    if (over.aborted) return;
  }
}

/** While the import service only cannot be reached, the stream waits with everybody else. */
function goOn(error: unknown): undefined {
  if (!(error instanceof AppError) || !isTransient(error)) throw error;
}
