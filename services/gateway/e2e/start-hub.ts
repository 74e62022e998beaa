import type { Import } from '@kontor/contracts';
import { eventually, servicesBehindGateway } from '@kontor/testing';
import { type Answer, startGateway } from '../test/start-gateway.js';

/** Everything: the gateway and all services behind it, on real servers. */
export async function startHub() {
  const gateway = await startGateway({ services: await servicesBehindGateway(), meili: true });
  return {
    ...gateway,
    /** An agent with the calls that journeys are made of. */
    async agent(claims: Record<string, unknown> = {}) {
      const call = await gateway.as(claims);
      const upload = (content: string | Uint8Array, options: Record<string, string> = {}, fileName = 'contacts.csv') => {
        const form = new FormData();
        for (const [name, value] of Object.entries(options)) form.set(name, value);
        form.set('file', new Blob([content as Uint8Array<ArrayBuffer>]), fileName);
        return call('POST', '/v1/imports', form);
      };
      const ended = (id: string) =>
        eventually(async () => {
          const { json } = await call<Import>('GET', `/v1/imports/${id}`);
          if (!['finished', 'failed', 'cancelled'].includes(json.state)) throw new Error(`the import is ${json.state}`);
          return json;
        }, 30_000);
      return { call, upload, ended };
    },
  };
}
export type Hub = Awaited<ReturnType<typeof startHub>>;

/** The body of an answer that must be a success. */
export function ok<T = Record<string, never>>(answer: Answer, status = 200): T {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text.slice(0, 1000)}`);
  return answer.json as T;
}
