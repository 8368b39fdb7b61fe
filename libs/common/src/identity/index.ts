/** Identities without gRPC or NestJS: what every process, the agent too, can afford to load. */
export * from './certificate.js';
export * from './csr.js';
export * as der from './der.js';
export * from './file-identity.js';
export { DerError } from './der.js';
export * from './pem.js';
export * from './schedule.js';
export * from './spiffe.js';
export * from './types.js';
export * from './workload-identity.js';
