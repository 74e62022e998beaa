export { BaseEnv, DatabaseEnv, readEnv } from './env.js';
export type { Check } from './health.js';
export { createLog, NestLog } from './log.js';
export { main } from './main.js';
export { type Definition, defineService, type RunningService, type Service } from './service.js';
