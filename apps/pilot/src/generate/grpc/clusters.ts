import { envoy } from '#common/proto/envoy';
import type { Generator, Inputs, WorldView } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { endpointPort } from '../../model/service.js';
import { outboundClusterNames } from '../cds/names.js';
import { BLACK_HOLE, outboundSni, parseOutbound } from '../common/names.js';
import { distinctSources } from '../common/provenance.js';
import { seal } from '../common/seal.js';
import type { ClusterPick } from './cluster.js';
import { grpcCluster } from './cluster.js';
import type { Found } from './discovery.js';
import { find } from './discovery.js';
import type { ForGrpc } from './by-client.js';
import { FOR_GRPC } from './by-client.js';
import type { ClientTlsPick } from './tls.js';

/** Ports of services and their subsets, and the one that has no endpoints, for what is not to be sent anywhere. */
export const grpcClusters: Generator<ClusterPick & ForGrpc & Inputs> = {
  type: TYPE.cluster,

  names: (view, proxy) => [...outboundClusterNames(view, proxy), BLACK_HOLE],

  select(view, proxy, name) {
    if (name === BLACK_HOLE) return seal('Cluster', { ...FOR_GRPC, name, maxRequests: 0, sources: [] });
    const found = find(view, proxy, name);
    const security = found && pickSecurity(view, proxy, name, found);
    if (!found || security === 'impossible') return undefined;
    const { service, rule, discovery } = found;
    const { loadBalancer, connectionPool } = rule.policy;
    const pick: ClusterPick = {
      name,
      ...(discovery.kind === 'name' && { dns: { name: discovery.name, port: discovery.port } }),
      ...(loadBalancer?.consistentHash && { consistentHash: loadBalancer.consistentHash }),
      maxRequests: connectionPool?.http?.http2MaxRequests ?? 0,
      ...(security && { tls: security }),
      ...(rule.sources[0] !== undefined && { rule: rule.sources[0] }),
      sources: [...service.sources, ...rule.sources],
    };
    return seal('Cluster', { ...FOR_GRPC, ...pick });
  },

  generate(inputs) {
    const value = envoy.config.cluster.v3.Cluster.encode(grpcCluster(inputs)).finish();
    return { value, sources: distinctSources(inputs.sources) };
  },
};

/**
 * TLS as the rule has it. A client has no certificates but the mesh's: to a server that wants others it does not talk
 * at all. Without a rule's word it is the mesh's, as far as it is certain that servers take nothing else: a client has
 * one way for all of a cluster's servers, and those without a proxy take TLS only where their policy is STRICT.
 */
function pickSecurity(
  view: WorldView,
  proxy: Proxy,
  name: string,
  found: Found,
): ClientTlsPick | 'impossible' | undefined {
  const { tls } = found.rule.policy;
  switch (tls?.mode) {
    case 'SIMPLE':
    case 'MUTUAL':
      return 'impossible';
    case 'ISTIO_MUTUAL':
      break;
    default:
      if (tls || !isStrict(view, found)) return undefined;
  }
  const { trustDomain, trustDomainAliases } = view.mesh();
  const parsed = parseOutbound(name);
  const { host } = found.service;
  return {
    trustDomains: [trustDomain, ...trustDomainAliases],
    sni: tls?.sni || (parsed ? outboundSni(parsed) : host),
    accounts: tls?.subjectAltNames?.length ? tls.subjectAltNames : view.accounts(host, proxy),
  };
}

function isStrict(view: WorldView, { service, port, discovery }: Found): boolean {
  if (service.meshExternal || discovery.kind !== 'addresses' || discovery.endpoints.length === 0)
    return false;
  if (!view.mesh().enableAutoMtls) return false;
  return discovery.endpoints.every((endpoint) => {
    const { tlsMode, namespace, labels } = endpoint;
    const number = endpointPort(endpoint, port);
    return tlsMode === 'istio' && number && view.mtls(namespace, labels, number).mode === 'STRICT';
  });
}
