// How often each random property of a test file is tried, unless it says so itself.
import fc from 'fast-check';

fc.configureGlobal({ numRuns: Number(process.env.KONTOR_RANDOM_RUNS ?? 100) });
