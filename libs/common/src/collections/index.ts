export * from './multi-map.js';
export * from './persistent-map.js';
