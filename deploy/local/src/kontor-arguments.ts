import { parseArgs } from 'node:util';
import { SetupError } from './setup-error.js';

export const usage = `npm run kontor -- search status [--watch]    how the search index is, and what is being done to it
npm run kontor -- search rebuild             rebuilds the index, for all tenants; search works throughout
npm run kontor -- search verify [--deep]     compares the index with what is kept, and repairs what differs

  --watch          shows it again every second, until Ctrl-C
  --deep           compares the content, not only the versions
  --tenant <name>  whose index, on the hub of \`npm start\`; without it demo

rebuild and verify wait for the end, and end with 1 when it failed or something differed; what was started continues in the hub without them.
The hub is the one of \`npm start\`, or another one: KONTOR_URL=https://… KONTOR_TOKEN=<access token of an admin>`;

const actions = ['status', 'rebuild', 'verify'] as const;
export interface SearchCommand {
  action: (typeof actions)[number];
  deep: boolean;
  watch: boolean;
  tenant?: string;
}

/** What is to be done; undefined when only help is wanted. Fails with a sentence when it cannot be understood. */
export function readArguments(args: string[]): SearchCommand | undefined {
  const { values, positionals } = parse(args);
  const { help, deep = false, watch = false, tenant } = values;
  const [noun, name, ...more] = positionals;
  if (help || noun === undefined) return undefined;
  if (noun !== 'search') throw new SetupError(`There is no ${noun}: what there is begins with search.`);
  const action = actions.find((one) => one === name);
  if (!action) throw new SetupError(`search ${name ?? 'alone'} is nothing: it takes ${actions.join(', ')}.`);
  if (more.length > 0) throw new SetupError(`search ${action} takes no ${more.join(' ')}.`);
  if (deep && action !== 'verify') throw new SetupError('--deep is for search verify only.');
  if (tenant === '') throw new SetupError('--tenant has no name.');
  return { action, deep, watch, tenant };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        deep: { type: 'boolean' },
        watch: { type: 'boolean' },
        tenant: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new SetupError((error as Error).message);
  }
}
