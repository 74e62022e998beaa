export { ContactDecisions, type DecisionTable } from './contact-decisions.js';
export * from './database.js';
export { sqlState, violated } from './errors.js';
export { type Decisions, inheritedValues } from './inherited-values.js';
export * from './lock.js';
export * from './migrate.js';
export * from './module.js';
export * from './once.js';
export { emit } from './outbox.js';
