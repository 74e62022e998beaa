import { sized } from '@kontor/testing';
import { limits } from '../src/job/limits.js';

/** Runs the test with limits a hundredth as large, so that a dozen are a job; in the long tier with those of production. */
export const withSmallLimits = (test: () => Promise<void>) => async () => {
  const before = { ...limits };
  Object.assign(limits, sized({ jobAbove: 10, step: 5, setAtMost: 100 }, before));
  try {
    await test();
  } finally {
    Object.assign(limits, before);
  }
};
