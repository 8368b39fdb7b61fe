import { envoy } from '#common/proto/envoy';
import type { Held } from '../ads/subscription.js';
import { TYPE } from '../model/contract.js';

/** A resource as people read it. `content` is absent where only its version is known, after a reconnect. */
export interface DescribedResource {
  readonly name: string;
  readonly version: string;
  readonly sources: readonly string[];
  readonly content?: unknown;
}

const DECODERS = new Map<string, { decode(bytes: Uint8Array): object }>([
  [TYPE.cluster, envoy.config.cluster.v3.Cluster],
  [TYPE.endpoint, envoy.config.endpoint.v3.ClusterLoadAssignment],
  [TYPE.listener, envoy.config.listener.v3.Listener],
  [TYPE.route, envoy.config.route.v3.RouteConfiguration],
  [TYPE.virtualHost, envoy.config.route.v3.VirtualHost],
]);

export function describeResource(type: string, name: string, held: Held): DescribedResource {
  const { version, value, sources = [] } = held;
  const content = value && DECODERS.get(type)?.decode(value);
  return { name, version, sources, ...(content && { content: readable(content) }) };
}

/** Bytes (what an Any packs) as base64, as proto3 JSON has them. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, readable(each)]));
}
