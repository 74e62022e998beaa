import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dice, sized } from '@kontor/testing';
import { SEED } from '@kontor/testing/properties';
import { callMaker, type RawCall, routesOf } from './fuzz-calls.js';
import { type OpenApi, something } from './odd-inputs.js';
import { type Hub, startHub } from './start-hub.js';

/** So many for a route with a body. The long tier has a time to keep; a few thousand each are for an evening. */
const CALLS = Number(process.env.KONTOR_TEST_CALLS ?? sized(4, 300));
/** Longer, also when it is asked again, is a hang. */
const PATIENCE_MS = 5_000;
const AT_ONCE = 8;
/** So many calls, then everything is made anew, because some calls delete. */
const ROUND = 200;

let hub: Hub;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
beforeAll(async () => {
  hub = await startHub();
}, 120_000);
afterAll(async () => {
  agent.destroy();
  await hub.stop();
});

interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** As it is: `fetch` puts addresses and headers right. */
const send = ({ method, path, headers, body }: RawCall) =>
  new Promise<RawAnswer>((resolve, reject) => {
    const { hostname, port } = new URL(hub.url);
    // Node does not say by itself how long the body of a GET or DELETE is.
    const all = body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
    const call = request({ hostname, port, method, path, headers: all, agent }, (answer) => {
      const { statusCode: status = 0, headers } = answer;
      const chunks: Buffer[] = [];
      const end = () => {
        clearTimeout(timer);
        resolve({ status, headers, text: Buffer.concat(chunks).toString() });
      };
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        // A stream of events ends when its job does: that it has begun is enough.
        if (headers['content-type']?.startsWith('text/event-stream')) {
          end();
          call.destroy();
        }
      });
      answer.on('end', end);
      answer.on('error', reject);
    });
    const timer = setTimeout(() => call.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)), PATIENCE_MS);
    call.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    call.end(body);
  });

/** What is wrong with an answer; nothing when it is a success, or a refusal that says why. */
function fault({ status, headers, text }: RawAnswer, method: string): string | undefined {
  if (status < 400) return text.includes('"code":"internal"') ? 'an internal error in a success' : undefined;
  const isOverload = (status === 503 || status === 429) && headers['retry-after'] !== undefined;
  if (status >= 500 && !isOverload) return 'a 5xx';
  if (method === 'HEAD') return undefined;
  if (!headers['content-type']?.toString().startsWith('application/problem+json')) return 'no problem document';
  const problem = JSON.parse(text) as Record<string, unknown>;
  const isWhole =
    problem.status === status && [problem.code, problem.detail].every((member) => typeof member === 'string' && member !== '');
  return isWhole ? undefined : 'a problem that does not say which';
}

describe(`10 odd calls to every route, made with KONTOR_TEST_SEED=${SEED}`, () => {
  it(
    '10 are answered, or refused with a problem that has a code, in time',
    async () => {
      const of = dice(SEED);
      const document = (await hub.call<OpenApi>('GET', '/openapi.json')).json as unknown as OpenApi;
      const tenant = '5eed5eed-0000-4000-8000-000000000001';
      const token = await hub.identity.token({ tenant }, { expiresIn: 3 * 3600 });
      const make = callMaker(document, of, token);
      const wrong: string[] = [];
      let answered = 0;
      async function attempt(one: RawCall): Promise<void> {
        const outcome = async () => {
          const answer = await send(one);
          answered++;
          const what = fault(answer, one.method);
          return what && `${what}: ${answer.status} ${answer.text.slice(0, 300)}`;
        };
        // A connection that ended because an earlier call closed it, or a machine that is busy, is no fault: asked again, it is one.
        const what = await outcome().catch(() => outcome().catch((error: Error) => error.message));
        if (what) wrong.push(`${what}\n  ${describeCall(one)}`);
      }
      for (const route of routesOf(document)) {
        // A token for each route: it lives for five minutes.
        const { call } = await hub.agent({ tenant });
        const most = route.operation.requestBody ? CALLS : Math.ceil(CALLS / 3);
        for (let done = 0; done < most; done += ROUND) {
          const ids = await something(call);
          const calls = done === 0 ? make.withParameters(route, ids) : [];
          for (let i = 0; i < Math.min(ROUND, most - done); i++) calls.push(make.oddCall(route, ids));
          while (calls.length > 0) await Promise.all(calls.splice(0, AT_ONCE).map(attempt));
        }
      }
      expect(wrong.slice(0, 20)).toEqual([]);
      expect(answered).toBeGreaterThan(sized(300, 1_000));
      expect((await hub.call('GET', '/openapi.json')).status).toBe(200);
    },
    sized(300_000, 3_600_000),
  );
});

const describeCall = ({ method, path, headers: { authorization: _, ...headers }, body }: RawCall) =>
  `${method} ${path.slice(0, 300)} ${JSON.stringify(headers).slice(0, 200)} ${String(body).slice(0, 300)}`;
