import fc from 'fast-check';
import { sized } from './sized.js';

/** The seed of all random properties. A fixed one, so that what a change breaks is seen with that change; another one looks elsewhere. */
export const SEED = Number(process.env.KONTOR_TEST_SEED ?? 20_261_127);

fc.configureGlobal({ seed: SEED, numRuns: sized(100, 2_000) });

/** fast-check, with one seed for all tests and with more runs in the long tier. */
export { fc };
