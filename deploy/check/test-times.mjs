// Of a run of Jest with --json: the twenty files that took longest and, as the last line, how many tests passed and failed.
//   node deploy/check/test-times.mjs results.json
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const { testResults, numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const files = testResults
  .map(({ name, startTime, endTime }) => ({ name: relative(process.cwd(), name), seconds: (endTime - startTime) / 1000 }))
  .sort((a, b) => b.seconds - a.seconds);
for (const { name, seconds } of files.slice(0, 20)) console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
console.log(`${numPassedTests} ${numFailedTests + numRuntimeErrorTestSuites}`);
