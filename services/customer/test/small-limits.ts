import { sized } from '@kontor/testing';
import { limits } from '../src/job/limits.js';

/** Runs the test with limits divided by 100, so that a dozen entries need a job; the long tier uses the production limits. */
export const withSmallLimits = (test: () => Promise<void>) => async () => {
  const before = { ...limits };
  Object.assign(limits, sized({ jobAbove: 10, step: 5, setAtMost: 100 }, before));
  try {
    await test();
  } finally {
    Object.assign(limits, before);
  }
};
