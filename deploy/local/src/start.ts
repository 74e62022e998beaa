// `npm start`: a hub on this machine until Ctrl-C.
import { DataFolder } from './data-folder.js';
import { startHub } from './hub.js';
import { Progress } from './progress.js';
import { messageOf, SetupError } from './setup-error.js';

const progress = new Progress();
const data = new DataFolder();

function settings() {
  const {
    KONTOR_HTTP_PORT: port = '8080',
    KONTOR_HTTP_HOST: httpHost = '127.0.0.1',
    KONTOR_ONE_PROCESS: one,
    KONTOR_LOG_LEVEL,
  } = process.env;
  const httpPort = Number(port || '8080');
  if (!Number.isInteger(httpPort) || httpPort < 0 || httpPort > 65_535)
    throw new SetupError(`KONTOR_HTTP_PORT is ${port}: set it to a number from 0 (any free port) to 65535.`);
  return { data, httpPort, httpHost, oneProcess: one === '1', durable: true, logLevel: KONTOR_LOG_LEVEL || 'warn', progress };
}

function welcome(api: string): string {
  const folder = process.env.KONTOR_DATA_DIR ? `KONTOR_DATA_DIR='${data.path}' ` : '';
  return `
Kontor runs. Everything is kept in ${data.path}

  API     ${api}/v1
  Docs    ${api}/docs
  Token   TOKEN=$(${folder}npm run -s token -- --tenant demo --role admin)

Try it in another terminal, in this folder:

  curl -H "Authorization: Bearer $TOKEN" -F file=@deploy/local/demo/contacts.csv '${api}/v1/imports?start=true'
  curl -H "Authorization: Bearer $TOKEN" '${api}/v1/search?q=mueller'
  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"firstName":"Ada","lastName":"Lovelace","emails":[{"address":"ada@example.com"}]}' ${api}/v1/contacts

Ctrl-C ends it.
`;
}

/** Resolves when somebody wants us to end: a signal, or the process that started us is gone. */
function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    let first = 0;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        const now = Date.now();
        if (!first) first = now;
        // npm and run.mjs each pass on the Ctrl-C that the terminal has sent us too: one key press may come three times.
        else if (now - first > 1_000) forceEnd();
        resolve();
      });
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && resolve(), 500).unref();
  });
}

/** Without its servers every call would fail, for good. Nobody has to wait for services that can finish nothing any more. */
function endWithServers(hub: { kill(): void }): never {
  hub.kill();
  throw new SetupError(
    'The process that owns PostgreSQL, NATS and Meilisearch was ended, and they with it, so Kontor ends too. Nothing that was confirmed is lost: start it again with npm start.',
  );
}

let forceEnd = () => process.exit(1);

try {
  const end = askedToEnd();
  progress.say('Starting Kontor');
  const starting = startHub(settings());
  const hub = await Promise.race([starting, end]);
  if (hub) {
    forceEnd = () => {
      hub.kill();
      process.exit(1);
    };
    progress.say(welcome(hub.api));
    await Promise.race([end, hub.lost.then(() => endWithServers(hub))]);
  }
  // Asked to end while it starts: what is half there is easier to stop when it is whole.
  const { stop } = hub ?? (await starting);
  progress.say('\nStopping');
  await progress.step('services and servers', stop);
  process.exit(0);
} catch (error) {
  // A sentence for what the reader can put right; all we have for what we did not expect.
  console.error(error instanceof SetupError ? `\n${error.message}` : error instanceof Error ? `\n${error.stack}` : messageOf(error));
  process.exit(1);
}
