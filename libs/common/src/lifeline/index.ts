export * from './parent.js';
export * from './spawn.js';
export * from './stop.js';
