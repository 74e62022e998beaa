// `npm install` leaves out of the lock what the registry does not serve (a platform package, say) and `npm ci` then refuses the lock.
// Prints nothing when every optional dependency that a package names stands in the lock.
import { readFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
const have = new Set(Object.keys(lock.packages).map((key) => key.split('node_modules/').pop()));
for (const [key, entry] of Object.entries(lock.packages))
  for (const name of Object.keys(entry.optionalDependencies ?? {}))
    if (!have.has(name)) {
      console.error(`package-lock.json: ${key || 'the root'} lacks ${name}`);
      process.exitCode = 1;
    }
