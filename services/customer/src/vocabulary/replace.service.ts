import { AppError } from '@kontor/bus';
import type { Replaced, Settings } from '@kontor/contracts';
import { Database, idempotent } from '@kontor/database';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Jobs, type OpenJob } from '../job/job.service.js';
import { limits } from '../job/limits.js';
import { type Replacement, settingsDuring } from '../settings/replacement.js';
import { lockSettings, saveSettings } from '../settings/settings.service.js';
import { countUsage } from '../settings/usage.js';
import type { ReplaceRequest } from './replace-request.js';
import { initialProgress, type Progress, replaceStep } from './replace-step.js';

const KIND = 'replace-value';

/** Renames, merges and removes types, custom fields, options and tags in all entries that have them (docs/rules.md 10). */
@Injectable()
export class ReplaceService {
  constructor(
    private readonly db: Database,
    private readonly jobs: Jobs,
  ) {
    jobs.on<Replacement, Progress>(KIND, (job) => jobs.runInSteps(job, (tx) => this.step(tx, job)));
  }

  async replace(input: object, toRequest: (settings: Settings) => ReplaceRequest): Promise<Replaced> {
    const answer = await this.db.transaction((tx) => idempotent(tx, input, () => this.begin(tx, toRequest)));
    // A repeated call gets the present progress.
    return answer.job ? { ...answer, job: await this.jobs.get(answer.job.id) } : answer;
  }

  private async begin(tx: EntityManager, toRequest: (settings: Settings) => ReplaceRequest): Promise<Replaced> {
    const settings = await lockSettings(tx);
    const { replacement, what, undecided } = toRequest(settings);
    const users = await countUsage(tx, replacement);
    const used = users.contacts + users.customers;
    if (undecided && used > 0)
      throw new AppError(
        'conflict',
        `${what} is used by ${users.contacts} contacts and ${users.customers} customers (with those in the bin); ${undecided}`,
        { used, ...users },
      );
    await saveSettings(tx, settings, settingsDuring(settings, replacement));
    if (used > limits.jobAbove) return { ...users, job: await this.jobs.create(tx, KIND, replacement, used) };
    const progress = initialProgress();
    while ((await replaceStep(tx, replacement, progress)) === 'more');
    return { contacts: progress.contacts, customers: progress.customers };
  }

  private async step(tx: EntityManager, job: OpenJob<Replacement, Progress>): Promise<'more' | 'done'> {
    const progress = { ...initialProgress(), ...job.result };
    const more = await replaceStep(tx, job.input, progress);
    const { contacts, customers } = progress;
    await this.jobs.advance(
      tx,
      job as OpenJob,
      Math.min(contacts + customers, job.total),
      more === 'done' ? { contacts, customers } : progress,
    );
    return more;
  }
}
