/** Mixer's attribute expression language (Istio 1.4): parse, check, compile. Pure; errors are values. */
export * from './ast.js';
export { check } from './check.js';
export * from './compile.js';
export { Duration, parseDuration } from './duration.js';
export { Failure } from './functions.js';
export { IpAddress } from './ip-address.js';
export { MAX_EXPRESSION_LENGTH, parse } from './parser.js';
export * from './patterns.js';
export * from './references.js';
export { parseTimestamp, Timestamp } from './timestamp.js';
export * from './values.js';
