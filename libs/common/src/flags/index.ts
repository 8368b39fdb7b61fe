export * from './flags.js';
export * from './values.js';
