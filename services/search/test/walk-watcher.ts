import type { Context } from '@kontor/bus';
import { AppError } from '@kontor/bus';
import { type ChangeKind, search } from '@kontor/contracts';
import type { Dice } from '@kontor/testing';
import { again, type World } from '@kontor/testing';
import { contactOf } from './stand-in.js';
import type { Entry } from './walk-model.js';

const ROCKS = 30;
const CLOCKS = 8;

/**
 * Searches all the time while others change what there is. Rocks are never touched: they are in every answer that they belong to. Clocks are, and
 * carry their version in their city, which facets count as the index has it: none is there twice, and none ever goes back.
 */
export class Watcher {
  private readonly rocks: Entry[] = [];
  private readonly clocks = new Map<number, Entry>();
  /** The version in which each clock was seen last, and the least in which it may be seen next. */
  private readonly seen = new Map<number, [newest: number, least: number]>();
  private readonly binned = new Set<number>();
  private readonly complaints: string[] = [];
  private looks = 0;
  private running = false;
  private watching: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly world: World,
    private readonly as: Context,
  ) {}

  /** All that is there before watching begins. */
  settle(of: Dice): Entry[] {
    for (let i = 0; i < ROCKS; i++)
      this.rocks.push({
        kind: 'contact',
        ...contactOf({
          firstName: of.pick(['petra', 'peter']),
          lastName: 'felsen',
          type: 'rock',
          updatedAt: moment(i),
          createdAt: moment(i),
        }),
      });
    for (let i = 0; i < CLOCKS; i++) this.clocks.set(i, clock(i, 1, contactOf({}).id));
    return this.entries();
  }

  entries(): Entry[] {
    return [...this.rocks, ...[...this.clocks].flatMap(([i, entry]) => (this.binned.has(i) ? [] : [entry]))];
  }

  /** Some clocks go on; of the second half, some are put into the bin and come back. */
  tick(of: Dice, becomes: (entries: Entry[], change: ChangeKind) => void): void {
    const i = of.upTo(CLOCKS - 1);
    const before = this.clocks.get(i)!;
    const after = clock(i, before.version + 1, before.id);
    this.clocks.set(i, after);
    if (this.binned.delete(i)) becomes([after], 'restored');
    else if (i < CLOCKS / 2 || of.chance(0.7)) becomes([after], 'updated');
    else {
      this.binned.add(i);
      becomes([after], 'binned');
    }
  }

  start(): void {
    this.running = true;
    this.watching = Promise.all([this.watch(() => this.lookAtRocks()), this.watch(() => this.lookAtClocks())]);
  }

  /** How often it could look. */
  async stop(): Promise<number> {
    this.running = false;
    await this.watching;
    this.mustBeContent();
    return this.looks;
  }

  mustBeContent(): void {
    if (this.complaints.length) throw new Error(this.complaints.slice(0, 5).join('\n'));
  }

  private async watch(look: () => Promise<void>): Promise<void> {
    while (this.running) {
      try {
        await look();
        this.looks++;
      } catch (error) {
        // While Meilisearch is away, or the service starts again.
        if (!(error instanceof AppError && (error.code === 'unavailable' || error.code === 'timeout'))) this.complaints.push(String(error));
      }
    }
  }

  private readonly questions = [
    { q: 'felsen' },
    { q: 'fel' },
    { q: 'f*n', sort: 'name' as const },
    { q: '"petra felsen"' },
    { q: 'pet? felsen' },
    { q: 'pet*', type: 'rock' },
    { q: '', type: 'rock', sort: '-updatedAt' as const },
  ];

  private async lookAtRocks(): Promise<void> {
    const question = this.questions[this.looks % this.questions.length]!;
    const wanted = this.rocks.filter((rock) => question.q !== '"petra felsen"' || rock.displayName === 'petra felsen').map(({ id }) => id);
    const expected = question.q === 'pet? felsen' ? [] : wanted;
    const { hits, total, degraded } = await this.world.ask(again(this.as), search, { ...question, limit: 200 });
    // Without Meilisearch the answers are what the owner says, which is ahead of the index, and what names say, which is not all.
    if (degraded) return;
    const found = hits.map(({ id }) => id);
    if (new Set(found).size !== found.length) this.complaints.push(`a hit twice: ${JSON.stringify(question)}`);
    const missing = expected.filter((id) => !found.includes(id)).length;
    if (missing || found.length !== expected.length || total.value !== expected.length || total.relation !== 'exact')
      this.complaints.push(`${JSON.stringify(question)}: ${missing} missing of ${expected.length}, ${JSON.stringify(total)}`);
  }

  private async lookAtClocks(): Promise<void> {
    const { facets, hits, total, degraded } = await this.world.ask(again(this.as), search, { q: 'ticker', facets: 'city', limit: 200 });
    if (degraded) return;
    if (new Set(hits.map(({ id }) => id)).size !== hits.length) this.complaints.push('a clock twice among the hits');
    const ids = new Set([...this.clocks.values()].map(({ id }) => id));
    if (!hits.every(({ id }) => ids.has(id))) this.complaints.push('somebody else among the clocks');
    const seen = new Map<number, number>();
    for (const [city, count] of Object.entries(facets?.city ?? {})) {
      const [i = -1, version = -1] = city.split('v').map(Number);
      if (count !== 1 || seen.has(i)) this.complaints.push(`clock ${i} counts twice`);
      seen.set(i, version);
    }
    if (total.value !== seen.size) this.complaints.push(`a total of ${total.value} for ${seen.size} clocks`);
    for (const i of this.clocks.keys()) this.compareClock(i, seen.get(i));
  }

  private compareClock(i: number, version: number | undefined): void {
    const [newest, least] = this.seen.get(i) ?? [0, 0];
    if (version === undefined) {
      if (i < CLOCKS / 2) this.complaints.push(`clock ${i} is missing`);
      // What was gone comes back only as something newer.
      this.seen.set(i, [newest, newest + 1]);
    } else if (version < least) this.complaints.push(`clock ${i} went back from ${newest} to ${version}`);
    else this.seen.set(i, [version, version]);
  }
}

const moment = (i: number) => new Date(Date.parse('2025-01-01T00:00:00Z') + i * 1_000).toISOString();
const clock = (i: number, version: number, id: string): Entry => ({
  kind: 'contact',
  ...contactOf({
    id,
    version,
    lastName: 'ticker',
    addresses: [{ primary: true, city: `${i}v${version}` }],
    updatedAt: moment(version),
    createdAt: moment(1_000 + i),
  }),
});
