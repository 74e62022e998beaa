// Started by hub.ts with the environments of the services on standard input: brings their databases up to date, and ends.
import { text } from 'node:stream/consumers';
import { migrateHere } from './hub.js';
import { messageOf } from './setup-error.js';

try {
  await migrateHere(JSON.parse(await text(process.stdin)) as Record<string, Record<string, string>>);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
