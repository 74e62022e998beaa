import { Bus, type Context } from '@kontor/bus';
import { seeAgent } from '@kontor/contracts';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Caller } from './caller.js';

const MOST_AGENTS = 10_000;
const TIMEOUT_MS = 1_000;

/** Announces every agent to the customer service once, and again when name, roles or teams have changed. */
@Injectable()
export class Agents {
  private readonly seen = new LRUCache<string, true>({ max: MOST_AGENTS });
  private readonly asking = new Map<string, Promise<void>>();

  constructor(private readonly bus: Bus) {}

  knows({ fingerprint }: Caller): boolean {
    return this.seen.has(fingerprint);
  }

  /** Resolves when the agent is registered, or could not be: then the call continues, and the next one tries again. */
  async introduce({ fingerprint }: Caller, context: Context): Promise<void> {
    if (!this.asking.has(fingerprint)) this.asking.set(fingerprint, this.announce(fingerprint, context));
    await this.asking.get(fingerprint);
  }

  private async announce(fingerprint: string, context: Context): Promise<void> {
    try {
      await this.bus.request(seeAgent, {}, { ...context, idempotencyKey: undefined, deadline: Date.now() + TIMEOUT_MS });
      this.seen.set(fingerprint, true);
    } catch {
      // Nothing is lost: the next call announces it.
    } finally {
      this.asking.delete(fingerprint);
    }
  }
}
