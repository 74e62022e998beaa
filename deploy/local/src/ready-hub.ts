import type { DataFolder, HubAddresses } from './data-folder.js';
import { SetupError } from './setup-error.js';

/** The hub that runs on this data folder. Only its own `/health` decides whether it is ready, so that all commands agree. */
export async function readyHub(data: DataFolder): Promise<HubAddresses> {
  const hub = data.hub();
  if (!hub)
    throw new SetupError(
      `No hub runs on ${data.path}: run \`npm start\` first, or set KONTOR_DATA_DIR to the folder of the one that does.`,
    );
  const answer = await fetch(`${hub.api}/health`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  if (answer?.ok) return hub;
  throw new SetupError(
    `The hub on ${data.path} is not ready at ${hub.api}: it starts or stops at the moment, or ended unasked. Wait for "Kontor runs", or run \`npm start\`.`,
  );
}
