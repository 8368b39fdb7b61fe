export * from './byte-arena.js';
export * from './multi-map.js';
export * from './persistent-map.js';
export { LayeredMap, LayeredSet } from './layered.js';
