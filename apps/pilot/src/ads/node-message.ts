import type { google } from '#common/proto/envoy';
import { Status, statusError } from '#common/grpc';
import { proxyFromNode } from '../model/node.js';
import type { Proxy } from '../model/proxy.js';
import type { NodeMessage, Protocol } from './protocol.js';

/**
 * Reads the node of a stream's first request. Only what generation needs is kept of it: an Envoy lists all its
 * extensions, 60 KB of them. Throws INVALID_ARGUMENT.
 */
export function readNode(node: NodeMessage | null | undefined, kind: Protocol['kind']): Proxy {
  if (!node) throw statusError(Status.INVALID_ARGUMENT, 'the first request of a stream must carry the node');
  const metadata = { ...structToObject(node.metadata), ...(kind === 'sotw' && ONLY_WHOLE_ROUTES) };
  const { region, zone, subZone } = node.locality ?? {};
  const result = proxyFromNode({
    id: node.id ?? '',
    cluster: node.cluster ?? '',
    metadata,
    locality: { region: region ?? '', zone: zone ?? '', subZone: subZone ?? '' },
  });
  if (!result.ok) throw statusError(Status.INVALID_ARGUMENT, result.error);
  return result.proxy;
}

/** Virtual hosts travel one by one over delta streams only, whatever a node says of itself. */
const ONLY_WHOLE_ROUTES = { QUARTET_VHDS: false };

/** Nothing that a node is read for is nested deeper than its labels. */
const MAX_DEPTH = 4;

function structToObject(
  struct: google.protobuf.Struct.$Properties | null | undefined,
  depth = 0,
): Record<string, unknown> {
  const entries = Object.entries(struct?.fields ?? {}).map(([key, value]) => [key, toValue(value, depth)]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function toValue(value: google.protobuf.Value.$Properties, depth: number): unknown {
  if (value.structValue) return depth < MAX_DEPTH ? structToObject(value.structValue, depth + 1) : undefined;
  return value.stringValue ?? value.boolValue ?? value.numberValue ?? undefined;
}
