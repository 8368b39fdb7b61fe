import '../setup.js';

export * from './gen/index.js';
