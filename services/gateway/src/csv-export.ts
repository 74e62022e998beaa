import { Readable } from 'node:stream';
import type { exportContacts, RequestContract } from '@kontor/contracts';
import type { z } from 'zod';
import { route } from './http/route.js';

/** The route that gives a whole list as a CSV file, whatever its size: a page at a time, the next when the client has taken the one before. */
export function csvExport(noun: string, contract: RequestContract<z.ZodObject, (typeof exportContacts)['output']>, which: z.ZodObject) {
  return route('GET', 'export.csv', {
    name: `export${noun.charAt(0).toUpperCase()}${noun.slice(1)}`,
    summary: contract.summary,
    audience: contract.audience,
    input: which,
    produces: 'text/csv',
    async answer({ bus, context, input, request, reply }) {
      const page = (place: { cursor?: string; customFields?: string[] } = {}) => bus.request(contract, { ...input, ...place }, context);
      // The first page before the answer begins, so that a refusal is a problem and no file. One that fails later cuts the answer off.
      let { csv, customFields, nextCursor } = await page();
      async function* pages() {
        yield csv;
        while (nextCursor !== null) {
          ({ csv, nextCursor } = await page({ cursor: nextCursor, customFields }));
          yield csv;
        }
      }
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${noun}.csv"`)
        .send(Readable.from(request.method === 'HEAD' ? [] : pages()));
    },
  });
}
