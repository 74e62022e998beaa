import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import * as contracts from '@kontor/contracts';
import { readPolicy } from '@kontor/local';

const services = fileURLToPath(new URL('../../../services', import.meta.url));
const subjects = new Map(
  Object.entries(contracts).flatMap(([name, value]) =>
    typeof value === 'object' && 'kind' in value && value.kind === 'request' ? [[name, value.subject] as const] : [],
  ),
);

/** The requests of other services that the code of this one names: what is imported as a value is there to be sent. */
function sentBy(service: string): string[] {
  const files = readdirSync(`${services}/${service}/src`, { recursive: true, encoding: 'utf8' });
  const names = files
    .filter((file) => /(?<!\.spec)\.tsx?$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(`${services}/${service}/src/${file}`, 'utf8');
      const lists = [...text.matchAll(/import \{([^}]*)\} from '@kontor\/contracts'/g)].flatMap(([, list = '']) => list.split(','));
      const prefixes = [...text.matchAll(/import \* as (\w+) from '@kontor\/contracts'/g)].map(([, prefix]) => prefix);
      const members = prefixes.flatMap((prefix) =>
        [...text.matchAll(new RegExp(`\\b${prefix}\\.(\\w+)`, 'g'))].map(([, name = '']) => name),
      );
      return [...lists.map((item) => item.trim().split(' as ')[0] ?? ''), ...members];
    });
  return [...new Set(names)].flatMap((name) => subjects.get(name) ?? []).filter((subject) => !subject.startsWith(`${service}.`));
}

test.each(Object.entries(readPolicy().services))(
  '%s may send the requests that its code sends, and no other',
  (service, { calls = [] }) => {
    expect([...calls].sort()).toEqual(sentBy(service).sort());
  },
);

test('each request that a policy names is one of the contracts', () => {
  const known = new Set(subjects.values());
  for (const { calls = [] } of Object.values(readPolicy().services)) expect(calls.filter((call) => !known.has(call))).toEqual([]);
});
