export { findMessageType, MessageJsonError, messageFromJson, messageToJson, typeNameOf } from './json.js';
export type { JsonObject, JsonValue } from './json-value.js';
export { decodeFields, encodeFields, mergeAny, mergeFields } from './merge.js';
export type { AnyFields, Fields, ListMerge } from './merge.js';
