// `npm run -s token -- --tenant demo --role admin`: prints an access token of the hub on this machine, and nothing else.
import { parseArgs } from 'node:util';
import { DataFolder } from './data-folder.js';
import { fetchToken, roles } from './identity-provider.js';
import { readyHub } from './ready-hub.js';
import { messageOf } from './setup-error.js';

const usage = `npm run -s token -- [--tenant <name>] [--role ${roles.join('|')}] [--agent <name>] [--team <name> …]`;

try {
  const { values } = parseArgs({
    options: {
      tenant: { type: 'string', default: 'demo' },
      role: { type: 'string', default: 'admin' },
      agent: { type: 'string' },
      team: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) console.error(usage);
  else {
    const data = new DataFolder();
    await readyHub(data);
    console.log(await fetchToken(data, { ...values, teams: values.team }));
  }
} catch (error) {
  console.error(messageOf(error));
  if ((error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) console.error(usage);
  process.exitCode = 1;
}
