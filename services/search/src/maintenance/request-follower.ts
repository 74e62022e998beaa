import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { WriterLock } from '../indexes/writer-lock.js';
import { Rebuilder } from './rebuilder.js';
import { Verifier } from './verifier.js';

const LOOK_EVERY_MS = 1_000;

/** Carries out requests to rebuild and to verify the index while the lock is held. */
@Injectable()
export class RequestFollower {
  constructor(
    private readonly rebuilder: Rebuilder,
    private readonly verifier: Verifier,
  ) {}

  async run(lock: WriterLock): Promise<void> {
    const follow = async (worker: Rebuilder | Verifier) => {
      for (; lock.held(); await sleep(LOOK_EVERY_MS)) await worker.followNext(lock);
    };
    await Promise.all([follow(this.rebuilder), follow(this.verifier)]);
  }
}
