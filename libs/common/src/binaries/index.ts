export { downloadBinary } from './download.js';
export { PINS, type BinaryName, type BinaryPin, type Wheel } from './pins.js';
export { findBinary, packageRoot, type FindOptions, type FoundBinary } from './resolve.js';
