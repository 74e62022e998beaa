// Runs before each test file of the long tier: everything at full size.
import fc from 'fast-check';

process.env.KONTOR_TEST_SIZE = 'full';
fc.configureGlobal({ numRuns: 2_000 });
