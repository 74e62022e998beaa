export * from './agents.js';
export * from './eventually.js';
export * from './factories.js';
export * from './febrl.js';
export * from './find-traces.js';
export * from './servers.js';
export * from './service-process.js';
export * from './world.js';
