// From deploy/nats/policy.yaml to the configuration of the NATS server.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

type ObjectRight = 'put' | 'get' | 'delete';

interface ServicePolicy {
  serves?: boolean;
  database?: boolean;
  calls?: string[];
  emits?: string[];
  follows?: Record<string, string>;
  objects?: Record<string, ObjectRight[]>;
}

export interface NatsPolicy {
  services: Record<string, ServicePolicy>;
}

export interface NatsConfigOptions {
  /** Every message on disk before it is acknowledged (about a thousand a second), or now and then. */
  durable: boolean;
  /** Serves /healthz on port 8222, for a cluster's liveness probe. */
  monitor?: boolean;
  /** A user `test` without any limits, which tests use to look on and to interfere. */
  testUser?: boolean;
}

interface Permissions {
  publish: string[];
  subscribe: string[];
}

export const readPolicy = (): NatsPolicy => parse(readFileSync(new URL('../../nats/policy.yaml', import.meta.url), 'utf8')) as NatsPolicy;

/** The names of all services, those that ask before those that are asked. */
export const serviceNames = (policy = readPolicy()): string[] => Object.keys(policy.services);
/** Those that have a database. */
export const servicesWithDatabase = (policy = readPolicy()): string[] =>
  serviceNames(policy).filter((name) => policy.services[name]?.database);

/** All users of the bus: one per service, and `admin` which makes streams and buckets before the services start. */
export const natsUsers = (policy = readPolicy()): string[] => [...serviceNames(policy), 'admin'];

/** The environment variable from which the server takes a user's password. */
export const passwordVariable = (user: string): string => `KONTOR_NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`;

/** The whole configuration of the server but its address and its folder; passwords come from its environment. */
export function natsConfig({ durable, monitor, testUser }: NatsConfigOptions, policy = readPolicy()): string {
  const users = Object.entries(policy.services).map(([name, service]) => {
    const callers = [...callersOf(name, policy), ...(testUser ? ['test'] : [])];
    return userBlock(name, permissionsOf(name, service, callers));
  });
  users.push(userBlock('admin', { publish: ['$JS.API.>'], subscribe: ['_INBOX.>', '_INBOX_admin.>'] }));
  if (testUser) users.push(userBlock('test', { publish: ['>'], subscribe: ['>'] }));
  return `# Made from deploy/nats/policy.yaml; change that file and run \`npm run nats-config -w @kontor/local\`.
max_payload: 8MB
${monitor ? 'http: 0.0.0.0:8222\n' : ''}jetstream {
  sync_interval: ${durable ? 'always' : '2m'}
  # What streams may grow to counts against this, not what they hold. The default, three quarters of the free disk,
  # would keep a hub from starting on a small disk, or on one that has filled since.
  max_file_store: 1PB
}
authorization {
  # For a user that somebody adds and forgets to give rights.
  default_permissions { publish: { deny: ">" }, subscribe: { deny: ">" } }
  users: [
${users.join('\n')}
  ]
}
`;
}

/** The services that may send this one a request. */
const callersOf = (name: string, { services }: NatsPolicy): string[] =>
  Object.keys(services).filter((caller) => services[caller]?.calls?.some((call) => call.startsWith(`${name}.`)));

// Not `allow_responses`: that lets a service publish to whatever reply subject somebody made up, past its own list.
function permissionsOf(
  name: string,
  { serves, calls = [], emits = [], follows = {}, objects = {} }: ServicePolicy,
  callers: string[],
): Permissions {
  const publish = [
    ...calls.map((call) => `${call}.${name}`),
    ...(serves ? callers.map((caller) => `_INBOX_${caller}.>`) : []),
    ...emits.map((noun) => `events.${noun}.>`),
    ...Object.entries(follows).flatMap(([consumer, noun]) => consumerSubjects(consumer, noun)),
    ...(Object.keys(follows).length ? [`dead.${name}.>`] : []),
    ...Object.entries(objects).flatMap(([bucket, rights]) => rights.flatMap((right) => objectSubjects(bucket, right))),
  ];
  const subscribe = [`_INBOX_${name}.>`, ...(serves ? [`${name}.> ${name}`] : [])];
  return { publish: [...new Set(publish)], subscribe };
}

const consumerSubjects = (consumer: string, noun: string): string[] => [
  `$JS.API.CONSUMER.CREATE.EVENTS.${consumer}.events.${noun}.>`,
  `$JS.API.CONSUMER.INFO.EVENTS.${consumer}`,
  `$JS.API.CONSUMER.MSG.NEXT.EVENTS.${consumer}`,
  // The second shape has the domain and the account in front; which of them comes is the server's choice.
  `$JS.ACK.EVENTS.${consumer}.>`,
  `$JS.ACK.*.*.EVENTS.${consumer}.>`,
];

function objectSubjects(bucket: string, right: ObjectRight): string[] {
  const stream = `OBJ_${bucket}`;
  const meta = `$O.${bucket}.M.>`;
  const lookUp = ['$JS.API.INFO', `$JS.API.STREAM.INFO.${stream}`, `$JS.API.STREAM.MSG.GET.${stream}`];
  if (right === 'put') return [...lookUp, `$O.${bucket}.C.>`, meta, `$JS.API.STREAM.PURGE.${stream}`];
  if (right === 'delete') return [...lookUp, meta, `$JS.API.STREAM.PURGE.${stream}`];
  return [
    ...lookUp,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.DELETE.${stream}.>`,
    `$JS.FC.${stream}.>`,
  ];
}

function userBlock(name: string, { publish, subscribe }: Permissions): string {
  const list = (subjects: string[]) => subjects.map((subject) => `          "${subject}"`).join('\n');
  return `    {
      user: "${name}"
      password: $${passwordVariable(name)}
      permissions {
        publish { allow: [
${list(publish)}
        ] }
        subscribe { allow: [
${list(subscribe)}
        ] }
      }
    }`;
}
