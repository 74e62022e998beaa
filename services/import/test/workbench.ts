import { randomUUID } from 'node:crypto';
import type { Context } from '@kontor/bus';
import { createImport, getImport, IMPORT_BUCKET, type Import, type InputOf, listRejectedRows } from '@kontor/contracts';
import { anAgent, startWorld } from '@kontor/testing';
import { Objm } from '@nats-io/obj';
import { service } from '../src/index.js';
import { chunks } from './files.js';

export const agent = (given: Partial<Context> = {}) => anAgent({ roles: ['agent'], ...given });

/** The import service on real servers, and what the gateway does for it. */
export async function startWorkbench({ running = true } = {}) {
  const world = await startWorld({ services: [service] });
  if (!running) await world.running.get('import')?.stop();
  const bucket = await new Objm(world.bus.connection).open(IMPORT_BUCKET);

  const create = async (as: Context, content: string | Uint8Array, more: Partial<InputOf<typeof createImport>> = {}): Promise<Import> => {
    const file = randomUUID();
    await bucket.put({ name: file }, ReadableStream.from(chunks(content)));
    return world.ask(as, createImport, { file, fileName: 'contacts.csv', ...more });
  };

  return {
    ...world,
    create,
    get: (as: Context, id: string): Promise<Import> => world.ask(as, getImport, { id }),
    /** The file of rejected rows, or of those with warnings, whole. */
    rowsFile: async (as: Context, id: string, which: 'rejected' | 'warnings' = 'rejected'): Promise<string> => {
      let csv = '';
      for (let after: number | null = 0; after !== null; ) {
        const page: { csv: string; next: number | null } = await world.ask(as, listRejectedRows, { id, which, after, limit: 2 });
        csv += page.csv;
        after = page.next;
      }
      return csv;
    },
    /** The names of the files that wait in the store. */
    files: async (): Promise<string[]> => (await bucket.list()).filter((info) => !info.deleted).map((info) => info.name),
    deleteFile: (file: string) => bucket.delete(file),
  };
}
export type Workbench = Awaited<ReturnType<typeof startWorkbench>>;
