import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { WriterLock } from '../indexes/writer-lock.js';
import { Rebuilder } from './rebuilder.js';
import { Verifier } from './verifier.js';

const LOOK_EVERY_MS = 1_000;

/** Follows orders to rebuild and to verify the index, for as long as the lock is held. */
@Injectable()
export class OrderFollower {
  constructor(
    private readonly rebuilder: Rebuilder,
    private readonly verifier: Verifier,
  ) {}

  async run(lock: WriterLock): Promise<void> {
    const follow = async (orders: Rebuilder | Verifier) => {
      for (; lock.held(); await sleep(LOOK_EVERY_MS)) await orders.followNext(lock);
    };
    await Promise.all([follow(this.rebuilder), follow(this.verifier)]);
  }
}
