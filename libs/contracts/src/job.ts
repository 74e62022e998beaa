import { z } from 'zod';
import { request } from './contract.js';
import { bulkItem, byId, instant, page, paging } from './shapes.js';

/** Work that goes on after its answer. */
export const Job = z
  .object({
    id: z.string(),
    kind: z.string(),
    state: z.enum(['queued', 'running', 'finished', 'failed']),
    progress: z.object({ items: z.int(), done: z.int(), rowsPerSecond: z.number(), secondsLeft: z.number().nullable() }),
    result: z.record(z.string(), z.unknown()).describe('what came of it, counted'),
    error: z.string().optional(),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'Job' });
export type Job = z.output<typeof Job>;

/** The answer of a call that is done at once when it is about few things, and goes on as a job when it is about many. */
export const maybeJob = z.object({ job: Job.optional() });

export const getJob = request('customer.get-job', byId, Job, { summary: 'Gives the state and progress of a job' });
export const listJobItems = request('customer.list-job-items', byId.extend(paging), page(bulkItem), {
  summary: 'Lists what became of each item of a job that changes many',
});
