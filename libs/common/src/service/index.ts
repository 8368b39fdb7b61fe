export * from './flags.js';
export * from './logger.js';
export * from './readiness.js';
export * from './run.js';
export * from './values.js';
