export * from './spiffe.js';
export * from './types.js';
