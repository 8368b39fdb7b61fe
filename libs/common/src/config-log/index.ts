export * from './types.js';
export { EMPTY_STATE_HASH, StateHash } from './state-hash.js';
export { MAX_OPERATION_BYTES, operationBytes, ResourceTooLargeError } from './parts.js';
export { OperationError } from './live-state.js';
export { ConfigLogReader, type ChangeListener, type ConfigLogReaderOptions } from './reader.js';
export { ConfigLogWriter, type ConfigLogWriterOptions } from './writer.js';
export type { Proposal } from './accepted.js';
export type { Succession } from './publisher.js';
