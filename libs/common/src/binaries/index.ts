export { PINS, type BinaryName, type BinaryPin } from './pins.js';
export { findBinary, packageRoot, type FindOptions, type FoundBinary } from './resolve.js';
