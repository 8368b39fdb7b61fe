import { ByteArena } from '#common/collections';
import { framedMessage } from '#common/grpc';
import type { XdsResource } from '../model/contract.js';

/**
 * Responses put together from bytes: a resource is encoded once, and a response is its fields' heads and the cached
 * values in a row. Field numbers are those of the discovery API.
 *
 * @see https://github.com/envoyproxy/envoy/blob/v1.40.0/api/envoy/service/discovery/v3/discovery.proto
 */
export interface ResponseHead {
  readonly typeUrl: string;
  readonly nonce: string;
  /** SotW: version_info, what the client repeats. Delta: system_version_info, for people only. */
  readonly version: string;
}

/** A DeltaDiscoveryResponse. */
export function encodeDelta(
  head: ResponseHead,
  resources: readonly XdsResource[],
  removed: readonly string[],
): Buffer {
  const parts: Uint8Array[] = [text(1, head.version)];
  for (const resource of resources) parts.push(deltaHead(head.typeUrl, resource), resource.value);
  parts.push(text(4, head.typeUrl), text(5, head.nonce));
  for (const name of removed) parts.push(text(6, name));
  return framedMessage(parts);
}

/** A DiscoveryResponse. */
export function encodeSotw(head: ResponseHead, resources: readonly XdsResource[]): Buffer {
  const parts: Uint8Array[] = [text(1, head.version)];
  for (const resource of resources)
    parts.push(anyHead(2, head.typeUrl, resource.value.length), resource.value);
  parts.push(text(4, head.typeUrl), text(5, head.nonce));
  return framedMessage(parts);
}

/** Does a RouteConfiguration take its hosts by VHDS? Walks the top-level tags for field 9, `vhds`. */
export function takesVirtualHosts(routeConfiguration: Uint8Array): boolean {
  let known = vhdsRoutes.get(routeConfiguration);
  if (known === undefined) vhdsRoutes.set(routeConfiguration, (known = hasField(routeConfiguration, 9)));
  return known;
}

const vhdsRoutes = new WeakMap<Uint8Array, boolean>();
const deltaHeads = new WeakMap<XdsResource, Buffer>();
const arena = new ByteArena();

const LENGTH_DELIMITED = 2;

/** The head of `Resource` in a delta response: everything before the value, which comes last. */
function deltaHead(typeUrl: string, resource: XdsResource): Buffer {
  let head = deltaHeads.get(resource);
  if (!head) {
    const any = anyHead(2, typeUrl, resource.value.length);
    const fields = Buffer.concat([text(3, resource.name), text(1, resource.version), any]);
    const start = [tag(2, LENGTH_DELIMITED), varint(fields.length + resource.value.length)];
    head = arena.keep(Buffer.concat([...start, fields]));
    deltaHeads.set(resource, head);
  }
  return head;
}

/** Tag and length of a field of type Any, and the Any up to its value. */
function anyHead(field: number, typeUrl: string, length: number): Buffer {
  const inner = Buffer.concat([text(1, typeUrl), tag(2, LENGTH_DELIMITED), varint(length)]);
  return Buffer.concat([tag(field, LENGTH_DELIMITED), varint(inner.length + length), inner]);
}

function text(field: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([tag(field, LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

function tag(field: number, wireType: number): Buffer {
  return varint((field << 3) | wireType);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function hasField(message: Uint8Array, wanted: number): boolean {
  for (let at = 0; at < message.length;) {
    const key = readVarint(message, at);
    if (key.value >>> 3 === wanted) return true;
    at = skip(message, key.next, key.value & 7);
  }
  return false;
}

function skip(message: Uint8Array, at: number, wireType: number): number {
  if (wireType === 0) return readVarint(message, at).next;
  if (wireType === 1) return at + 8;
  if (wireType === 5) return at + 4;
  const length = readVarint(message, at);
  return length.next + length.value;
}

function readVarint(message: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let shift = 0;
  for (let next = at; next < message.length; shift += 7) {
    const byte = message[next++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { value, next };
  }
  return { value, next: message.length };
}
