import { translate } from '#app/pilot';
import type { Call, Environment, Outcome, Translation } from '#app/pilot';
import { simulate } from '#app/pilot';
import type { TlsIdentity } from '#common/identity';
import type { JsonObject, JsonValue } from '#common/proto/json';
import type { RunningEnvoy } from '#common/testing';
import { startEnvoy } from '#common/testing';
import { readResources } from '../../../apps/pilot/src/testing/read-resources.js';
import { inlined, replaceMembers } from '../../../apps/pilot/src/testing/static-bootstrap.js';

export interface ProxyOptions {
  readonly config: string;
  readonly type?: 'sidecar' | 'router';
  /** An address of this host that the proxy's inbound listener takes for its own. */
  readonly address: string;
  readonly name: string;
  readonly namespace?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly identity: TlsIdentity;
  /** Where all outbound listeners are bound instead: for several proxies on one host. */
  readonly bind?: string;
  /** What Pilot is started with, such as Mixer's address. */
  readonly environment?: Environment;
  /** More secrets by name, such as a gateway's `kubernetes://` credentials. */
  readonly secrets?: readonly JsonObject[];
}

/** A real Envoy with what Pilot makes for it, and the simulator's word on the same. */
export interface Proxy {
  readonly envoy: RunningEnvoy;
  readonly translation: Translation;
  simulate(call: Call): Outcome;
}

/**
 * Starts a proxy that captures connections as one with interception does: its listeners are bound to the addresses
 * that callers mean to reach, so that each connection has the destination that redirection would have kept.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { type = 'sidecar', address, name, namespace = 'default', metadata = {}, environment = {} } = options;
  const nodeId = `${type}~${address}~${name}.${namespace}~${namespace}.svc.cluster.local`;
  const result = translate({
    resources: readResources(options.config),
    proxyNodeId: nodeId,
    metadata: { NAMESPACE: namespace, ...metadata },
    environment,
  });
  if (!result.ok) throw new Error(result.error);
  const { translation } = result;
  const { listeners, clusters } = inlined(translation);
  const secretsByName = (value: JsonObject[]): JsonValue => replaceMembers(value, 'sds_config', () => ({}));
  const envoy = await startEnvoy(
    {
      node: { id: nodeId, cluster: 'test' },
      static_resources: {
        listeners: secretsByName(listeners.flatMap((listener) => reachable(listener, options))),
        clusters: secretsByName(clusters),
        secrets: [...ownSecrets(options.identity), ...(options.secrets ?? [])],
      },
    },
    { logLevel: 'error' },
  );
  return { envoy, translation, simulate: (call) => simulate(translation, call) };
}

function reachable(
  { bind_to_port: _, ...listener }: JsonObject,
  { address: own, bind }: ProxyOptions,
): JsonObject[] {
  if (listener['name'] === 'virtualOutbound') return [];
  if (listener['name'] !== 'virtualInbound') return [bind === undefined ? listener : boundTo(listener, bind)];
  const [first, ...others] = inboundPorts(listener).map((port) => socketAddress(own, port));
  if (!first) return [];
  return [{ ...listener, address: first, additional_addresses: others.map((address) => ({ address })) }];
}

function boundTo(listener: JsonObject, address: string): JsonObject {
  return replaceMembers(listener, 'socket_address', (socket) => {
    return { socket_address: { ...(socket as JsonObject), address } };
  }) as JsonObject;
}

function inboundPorts({ filter_chains: chains = [] }: JsonObject): number[] {
  const ports = (chains as JsonObject[]).map(
    ({ filter_chain_match: match }) => (match as JsonObject | undefined)?.['destination_port'],
  );
  return [...new Set(ports)].filter((port): port is number => typeof port === 'number' && port !== 15006);
}

function socketAddress(address: string, port: number): JsonObject {
  return { socket_address: { address, port_value: port } };
}

export function ownSecrets({ certChain, privateKey, roots }: TlsIdentity): JsonObject[] {
  return [
    certificate('default', certChain, privateKey),
    { name: 'ROOTCA', validation_context: { trusted_ca: { inline_string: roots } } },
  ];
}

export function certificate(name: string, certChain: string, privateKey: string): JsonObject {
  return {
    name,
    tls_certificate: {
      certificate_chain: { inline_string: certChain },
      private_key: { inline_string: privateKey },
    },
  };
}
