export * from './collect-garbage.js';
export * from '../flags/index.js';
export { createLogger, type Logger } from '../logger/index.js';
export * from './readiness.js';
export * from './run.js';
export * from './waiting.js';
