import { describe, expect, it } from '@jest/globals';
import type { ImportEntity } from '../import.entity.js';
import { type Counts, progressOf } from './progress.js';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const anImport = (given: Partial<ImportEntity>) =>
  ({ rows: 10_000, startedAt: null, finishedAt: null, waitingFor: null, ...given }) as ImportEntity;
const counts = (given: Partial<Counts>): Counts => ({ created: 0, updated: 0, skipped: 0, rejected: 0, warnings: 0, lately: 0, ...given });

describe('progressOf', () => {
  it('has no speed before anything is done', () => {
    expect(progressOf(anImport({}))).toEqual({
      rows: 10_000,
      done: 0,
      created: 0,
      updated: 0,
      skipped: 0,
      rejected: 0,
      warnings: 0,
      rowsPerSecond: null,
      secondsLeft: null,
    });
  });

  it('goes by the last ten seconds while the import runs', () => {
    const running = anImport({ startedAt: at(0) });
    const done = counts({ created: 3_000, updated: 500, skipped: 400, rejected: 100, warnings: 7, lately: 2_000 });
    expect(progressOf(running, done, at(60))).toMatchObject({ done: 4_000, rowsPerSecond: 200, secondsLeft: 30, warnings: 7 });
  });

  it('goes by the time since the start while that is shorter', () => {
    expect(progressOf(anImport({ startedAt: at(0) }), counts({ created: 1_000, lately: 1_000 }), at(2))).toMatchObject({
      rowsPerSecond: 500,
      secondsLeft: 18,
    });
  });

  it('says what it waits for, and no time when nothing moves', () => {
    const waiting = anImport({ startedAt: at(0), waitingFor: 'the customer service' });
    expect(progressOf(waiting, counts({ created: 1_000 }), at(60))).toMatchObject({
      rowsPerSecond: null,
      secondsLeft: null,
      waitingFor: 'the customer service',
    });
  });

  it('goes by the whole time when the import is over', () => {
    const finished = anImport({ startedAt: at(0), finishedAt: at(4) });
    expect(progressOf(finished, counts({ created: 10_000 }), at(60))).toMatchObject({ rowsPerSecond: 2_500, secondsLeft: null });
  });
});
