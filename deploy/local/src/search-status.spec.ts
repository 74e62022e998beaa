import { describe, expect, it } from '@jest/globals';
import type { SearchStatus } from '@kontor/contracts';
import { describeProgress, describeStatus, isGood } from './search-status.js';

const ready: SearchStatus = {
  ...{ state: 'ready', writer: true, entries: 12_345, fresh: 12, words: 6_789, identifiers: 1_000 },
  ...{ indexVersion: { index: 3, service: 3 }, lag: { people: { waiting: 0 }, bulk: { waiting: 1_500 } }, rebuild: null, verify: null },
};
const run = {
  state: 'finished' as const,
  done: 1_200,
  total: 1_200,
  startedAt: '2026-01-31T10:00:00.000Z',
  finishedAt: '2026-01-31T10:02:05.100Z',
};
const nothing = { missing: 0, stale: 0, surplus: 0, words: 0 };
const said = (change: Partial<SearchStatus>) => describeStatus({ ...ready, ...change }).join('\n');

describe('the state of the index', () => {
  it('reads like this', () => {
    expect(describeStatus(ready)).toEqual([
      'index       ready',
      'entries     12,345, and 12 recent changes beside them',
      'dictionary  6,789 words, 1,000 identifiers',
      'waiting     0 events of people, 1,500 of imports and jobs, of all tenants',
      'rebuild     none yet',
      'verify      none yet',
    ]);
  });

  it('says what is not as it should be', () => {
    expect(said({ state: 'away', entries: null })).toMatch(/Meilisearch cannot be reached[\s\S]*entries +unknown/);
    expect(said({ state: 'filling' })).toContain('not complete yet');
    expect(said({ writer: false })).toContain('no replica writes');
    expect(said({ indexVersion: { index: 2, service: 3 } })).toContain('version 2 of 3');
  });

  it('has a bar of what runs', () => {
    const rebuild = { ...run, state: 'running' as const, done: 600, finishedAt: null };
    expect(said({ rebuild })).toContain(
      `rebuild     [${'█'.repeat(20)}${'·'.repeat(20)}] 50 %, 600 of 1,200, since 2026-01-31 10:00:00 UTC`,
    );
    expect(said({ verify: { ...rebuild, deep: false, report: nothing } })).toMatch(/verify {6}\[█+·+\] 50 %/);
  });

  it('says how the last ones ended', () => {
    expect(said({ rebuild: run })).toContain('rebuild     finished 2026-01-31 10:02:05 UTC after 2 min 5 s, 1,200 entries');
    expect(said({ rebuild: { ...run, state: 'failed', done: 7, error: 'the disk is full' } })).toMatch(
      /failed .* 7 of 1,200 entries done: the disk is full/,
    );
    expect(said({ verify: { ...run, deep: true, report: nothing } })).toContain('1,200 entries, with content: nothing differed');
    expect(said({ verify: { ...run, deep: false, report: { ...nothing, missing: 1_001, surplus: 2 } } })).toContain(
      '1,200 entries: 1,001 missing, 2 surplus, repaired',
    );
  });
});

describe('progress', () => {
  it('is whole only when all is done, and none when there is nothing to do', () => {
    expect(describeProgress({ done: 999, total: 1_000 })).toMatch(/ 99 %/);
    expect(describeProgress({ done: 1_000, total: 1_000 })).toBe(`[${'█'.repeat(40)}] 100 %, 1,000 of 1,000`);
    expect(describeProgress({ done: 1_001, total: 1_000 })).toMatch(/^\[█{40}\] 100 %/);
    expect(describeProgress({ done: 0, total: 0 })).toBe(`[${'·'.repeat(40)}] 0 %, 0 of 0`);
  });
});

describe('the end', () => {
  it('is good when it did not fail and nothing was found', () => {
    const verified = (change: object) => ({ ...ready, verify: { ...run, deep: false, report: nothing, ...change } });
    expect(isGood('rebuild', { ...ready, rebuild: run })).toBe(true);
    expect(isGood('verify', verified({}))).toBe(true);
    for (const found of ['missing', 'stale', 'surplus', 'words'])
      expect(isGood('verify', verified({ report: { ...nothing, [found]: 1 } }))).toBe(false);
    expect(isGood('verify', verified({ state: 'failed' }))).toBe(false);
    expect(isGood('rebuild', { ...ready, rebuild: { ...run, state: 'failed' } })).toBe(false);
    expect(isGood('rebuild', verified({}))).toBe(false);
  });
});
