import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import * as contracts from '@kontor/contracts';
import { readPolicy } from '@kontor/local';

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const subjects = new Map(
  Object.entries(contracts).flatMap(([name, value]) =>
    typeof value === 'object' && 'kind' in value && value.kind === 'request' ? [[name, value.subject] as const] : [],
  ),
);

const sourcesOf = (folder: string): string[] =>
  readdirSync(fromRoot(folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.spec)\.tsx?$/.test(file))
    .map((file) => readFileSync(fromRoot(`${folder}/${file}`), 'utf8'));
/** What is imported as a value from a package. */
const importedFrom = (text: string, from: string): string[] =>
  [...text.matchAll(new RegExp(`import \\{([^}]*)\\} from '${from}'`, 'g'))].flatMap(([, list = '']) =>
    list.split(',').map((item) => item.trim().split(' as ')[0] ?? ''),
  );
/** The requests that a source names: what is imported is there to be sent. */
function requestsIn(text: string): string[] {
  const prefixes = [...text.matchAll(/import \* as (\w+) from '@kontor\/contracts'/g)].map(([, prefix]) => prefix);
  const members = prefixes.flatMap((prefix) => [...text.matchAll(new RegExp(`\\b${prefix}\\.(\\w+)`, 'g'))].map(([, name = '']) => name));
  return [...importedFrom(text, '@kontor/contracts'), ...members].flatMap((name) => subjects.get(name) ?? []);
}

/** What a library sends on behalf of a service that uses it, by what it exports. */
const sentByLibraries = new Map(
  ['bus', 'database', 'service'].flatMap((library) =>
    sourcesOf(`libs/${library}/src`).flatMap((text) =>
      [...text.matchAll(/export (?:abstract )?(?:async )?(?:class|function|const) (\w+)/g)].map(
        ([, name = '']) => [name, requestsIn(text)] as const,
      ),
    ),
  ),
);

/** The requests to other services that the code of this one sends, or has sent by a library. */
function sentBy(service: string): string[] {
  const sent = sourcesOf(`services/${service}/src`).flatMap((text) => [
    ...requestsIn(text),
    ...importedFrom(text, '@kontor/(?:bus|database|service)').flatMap((name) => sentByLibraries.get(name) ?? []),
  ]);
  return [...new Set(sent)].filter((subject) => !subject.startsWith(`${service}.`));
}

test.each(Object.entries(readPolicy().services))(
  '%s may send the requests that its code sends, and no other',
  (service, { calls = [] }) => {
    expect([...calls].sort()).toEqual(sentBy(service).sort());
  },
);

/** The noun of each event, by the name of its contract. */
const nouns = new Map(
  Object.entries(contracts).flatMap(([name, value]) =>
    typeof value === 'object' && 'kind' in value && value.kind === 'event' ? [[name, value.subject.split('.')[1] ?? ''] as const] : [],
  ),
);

test.each(Object.entries(readPolicy().services))(
  '%s may follow and publish the events that its code follows and publishes, and no others',
  (service, { follows = {}, emits = [] }) => {
    const sources = sourcesOf(`services/${service}/src`);
    const followed = sources.flatMap((text) =>
      [...text.matchAll(/@On\((\w+), \{ as: '([\w-]+)'/g)].map(([, event = '', as]) => [`${service}-${as}`, nouns.get(event)] as const),
    );
    const published = sources.filter((text) => /\bemit\(/.test(text)).flatMap((text) => importedFrom(text, '@kontor/contracts'));
    expect({ follows, emits: [...emits].sort() }).toEqual({
      follows: Object.fromEntries(followed),
      emits: [...new Set(published.flatMap((name) => nouns.get(name) ?? []))].sort(),
    });
  },
);

test('each request that a policy names is one of the contracts', () => {
  const known = new Set(subjects.values());
  for (const { calls = [] } of Object.values(readPolicy().services)) expect(calls.filter((call) => !known.has(call))).toEqual([]);
});
