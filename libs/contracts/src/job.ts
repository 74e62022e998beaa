import { z } from 'zod';
import { request } from './contract.js';
import { bulkItem, byId, instant, page, paging } from './shapes.js';

/** Work that continues after the response. */
export const Job = z
  .object({
    id: z.string(),
    kind: z.string(),
    state: z.enum(['queued', 'running', 'finished', 'failed']),
    progress: z.object({ items: z.int(), done: z.int(), rowsPerSecond: z.number(), secondsLeft: z.number().nullable() }),
    result: z.record(z.string(), z.unknown()).describe('counts of what was done'),
    error: z.string().optional(),
    createdAt: instant,
    startedAt: instant.nullable(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'Job' });
export type Job = z.output<typeof Job>;

/** The response of a call that runs synchronously for few entries, and as a job for many. */
export const maybeJob = z.object({ job: Job.optional() });

export const getJob = request('customer.get-job', byId, Job, { summary: 'Returns the state and progress of a job' });
export const listJobItems = request('customer.list-job-items', byId.extend(paging), page(bulkItem), {
  summary: 'Lists the results of the items of a bulk edit that runs as a job',
});
