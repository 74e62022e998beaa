export * from './databases.js';
export { freePort } from './free-port.js';
export { searchServiceKey } from './meilisearch.js';
export * from './servers.js';
export * from './setup-error.js';
export * from './nats-policy.js';
