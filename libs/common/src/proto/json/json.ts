import type { JsonObject } from './json-value.js';
import { parseMessage } from './parse.js';
import { printMessage } from './print.js';
import { messageType } from './schema.js';

export { MessageJsonError } from './parse.js';
export { findMessageType, typeNameOf } from './schema.js';

/**
 * An encoded message of Envoy's API as proto3 JSON, with the field names of the .proto files as Envoy prints them.
 *
 * @param type full name, `envoy.config.cluster.v3.Cluster`; throws for one that is not in the bundle
 * @see https://protobuf.dev/programming-guides/json/
 */
export function messageToJson(type: string, value: Uint8Array): JsonObject {
  return printMessage(messageType(type), value) as JsonObject;
}

/**
 * The reverse: encodes proto3 JSON, which may name fields either way. Throws a MessageJsonError for what is not of
 * this message.
 */
export function messageFromJson(type: string, json: JsonObject): Uint8Array {
  return parseMessage(messageType(type), json);
}
