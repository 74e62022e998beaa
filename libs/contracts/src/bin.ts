import { z } from 'zod';
import { request } from './contract.js';
import { Job } from './job.js';
import { byId, empty, id, instant, page, paging } from './shapes.js';

export const binnedKinds = ['customer', 'contact', 'record', 'request'] as const;
export const BinnedKind = z.enum(binnedKinds);
export type BinnedKind = z.output<typeof BinnedKind>;

const counts = z.object({ customers: z.int(), contacts: z.int(), records: z.int(), requests: z.int() });
export type BinCounts = z.output<typeof counts>;

/** Everything that was deleted together (docs/rules.md 6.1). */
export const BinUnit = z
  .object({
    id: z.string(),
    kind: BinnedKind.describe('what was deleted; the rest was deleted with it'),
    entryId: z.string(),
    name: z.string(),
    counts: counts.describe('how many things it has, including the deleted one'),
    deletedAt: instant,
    deletedBy: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    purgedAfter: instant,
  })
  .meta({ id: 'BinUnit' });
export type BinUnit = z.output<typeof BinUnit>;

export const BinnedThing = z.object({ id: z.string(), kind: BinnedKind, name: z.string() }).meta({ id: 'BinnedThing' });
export type BinnedThing = z.output<typeof BinnedThing>;

/** What could not be restored, and why (docs/rules.md 6.2). */
export const NotRestored = z.object({ id: z.string(), kind: BinnedKind, field: z.string(), message: z.string() });
export type NotRestored = z.output<typeof NotRestored>;
export const Restored = z
  .object({
    restored: counts,
    notRestored: z.array(NotRestored).describe('links and values that could not be restored'),
    job: Job.optional(),
  })
  .meta({ id: 'Restored' });
export type Restored = z.output<typeof Restored>;

export const listBin = request('customer.list-bin', z.strictObject({ ...paging, kind: BinnedKind.optional() }), page(BinUnit), {
  summary: 'Lists the bin, newest first, with one unit for everything that was deleted together',
});
export const listBinnedThings = request(
  'customer.list-binned-things',
  z.strictObject({ id, kind: BinnedKind.optional(), ...paging }),
  page(BinnedThing),
  { summary: 'Lists the things that were deleted together' },
);
export const restoreFromBin = request(
  'customer.restore-from-bin',
  z.strictObject({
    id,
    things: z
      .array(z.strictObject({ kind: BinnedKind, id }))
      .min(1)
      .max(1000)
      .optional()
      .describe('restores only these things; by default all'),
  }),
  Restored,
  {
    summary: 'Restores what was deleted together, or a part of it, and lists what could not be restored',
    audience: 'agents',
    timeoutMs: 30_000,
  },
);
export const purgeFromBin = request('customer.purge-from-bin', byId, empty, {
  summary: 'Permanently deletes what was deleted together',
  audience: 'admins',
  timeoutMs: 30_000,
});
