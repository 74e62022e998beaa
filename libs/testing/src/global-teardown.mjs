import { rmSync } from 'node:fs';

// biome-ignore lint/style/noDefaultExport: Jest calls the default export
export default async function teardown() {
  await (await globalThis.kontorTestPostgres)?.stop();
  // In memory nothing may stay, not even of a hub that a test has killed.
  if (globalThis.kontorTestFolder) rmSync(globalThis.kontorTestFolder, { recursive: true, force: true, maxRetries: 10 });
}
