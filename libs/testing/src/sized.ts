/**
 * How many of something a test works with: few by default, all in the long tier. A file `x.long.test.ts` that only imports `./x.test.js` runs the
 * same tests at full size.
 */
export const sized = <T>(byDefault: T, full: T): T => (process.env.KONTOR_TEST_SIZE === 'full' ? full : byDefault);
