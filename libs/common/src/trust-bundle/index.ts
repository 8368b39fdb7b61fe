/** How services learn whom to trust. Needs NestJS; agents get their roots with their certificate. */
export * from './trust-bundle.js';
export * from './trust-bundle.module.js';
export * from './watch.js';
