/** How a durable consumer is followed here. `waiting`: at a gate, another replica may follow it. `lost`: it, or its stream, is not there. */
export type FollowerState = 'starting' | 'waiting' | 'following' | 'lost';

export interface Follower {
  readonly consumer: string;
  state: FollowerState;
  /** Why it is `lost`. */
  reason?: string;
  /** How often its events may have been missed since the process started: the consumer had to be made, or the stream lost some. */
  gaps: number;
}

type OnGap = (consumer: string) => Promise<void>;

/** What this process follows, for its readiness and its metrics, and whom to notify when events may have been missed. */
export class Followers {
  private readonly all: Follower[] = [];
  private readonly listeners: OnGap[] = [];

  add(consumer: string): Follower {
    const follower: Follower = { consumer, state: 'starting', gaps: 0 };
    this.all.push(follower);
    return follower;
  }

  list(): readonly Readonly<Follower>[] {
    return this.all;
  }

  /**
   * `listener` is called before a consumer is made, and whenever events may have been lost that it had not brought yet. It orders what repairs that
   * from the owner's truth; while it fails, nothing is followed and it is asked again.
   */
  onGap(listener: OnGap): void {
    this.listeners.push(listener);
  }

  async notifyOfGap(follower: Follower): Promise<void> {
    for (const listener of this.listeners) await listener(follower.consumer);
    follower.gaps++;
  }

  /** Fails, with the names, while some cannot be followed. */
  assertFollowing(): void {
    const lost = this.all.filter(({ state }) => state === 'lost');
    if (lost.length) throw new Error(lost.map(({ consumer, reason }) => `${consumer}: ${reason}`).join('; '));
  }
}
