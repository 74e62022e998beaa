import { Readable } from 'node:stream';
import { byId, listRejectedRows } from '@kontor/contracts';
import { route } from '../http/route.js';

export const rejectedRows = route('GET', ':id/rejected.csv', {
  name: 'getRejectedRows',
  summary: listRejectedRows.summary,
  audience: listRejectedRows.audience,
  input: byId,
  produces: 'text/csv',
  async answer({ bus, context, input, reply }) {
    const page = (after?: number) => bus.request(listRejectedRows, { id: input.id, after }, context);
    // The first page before the answer begins: an import that is not there is a 404, not an empty file.
    let { csv, next } = await page();
    async function* pages() {
      yield csv;
      while (next !== null) {
        ({ csv, next } = await page(next));
        yield csv;
      }
    }
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="rejected-${input.id}.csv"`)
      .send(Readable.from(pages()));
  },
});
