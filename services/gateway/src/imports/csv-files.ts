import { Readable } from 'node:stream';
import { byId, getImportSample, listRejectedRows } from '@kontor/contracts';
import type { FastifyReply } from 'fastify';
import { route } from '../http/route.js';

const asFile = (reply: FastifyReply, name: string) =>
  reply.type('text/csv; charset=utf-8').header('content-disposition', `attachment; filename="${name}"`);

export const sample = route('GET', 'sample.csv', {
  name: 'getImportSample',
  summary: getImportSample.summary,
  audience: getImportSample.audience,
  input: getImportSample.input.strict(),
  produces: 'text/csv',
  answer: async ({ bus, context, reply }) => asFile(reply, 'sample.csv').send((await bus.request(getImportSample, {}, context)).csv),
});

export const rejectedRows = rowsFile('rejected', 'getRejectedRows', listRejectedRows.summary);
export const rowsWithWarnings = rowsFile(
  'warnings',
  'getRowsWithWarnings',
  'Gives the rows that stayed, but with something left out or changed, as CSV of the same shape with a reason column',
);

function rowsFile(which: 'rejected' | 'warnings', name: string, summary: string) {
  return route('GET', `:id/${which}.csv`, {
    name,
    summary,
    audience: listRejectedRows.audience,
    input: byId,
    produces: 'text/csv',
    async answer({ bus, context, input: { id }, reply }) {
      const page = (after?: number) => bus.request(listRejectedRows, { id, which, after }, context);
      // The first page before the answer begins: an import that is not there is a 404, not an empty file.
      let { csv, next } = await page();
      async function* pages() {
        yield csv;
        while (next !== null) {
          ({ csv, next } = await page(next));
          yield csv;
        }
      }
      return asFile(reply, `${which}-${id}.csv`).send(Readable.from(pages()));
    },
  });
}
