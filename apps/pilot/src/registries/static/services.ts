import type { Port, ServiceEntry } from '#config';
import type { Config } from '../../model/config.js';
import { DOMAIN_SUFFIX } from '../../model/host.js';
import type { Resolution, ServicePort } from '../../model/service.js';
import { Service } from '../../model/service.js';
import { spokenAt } from '../protocol.js';

/**
 * The service that the ServiceEntries of one host and one namespace describe together. They come older first: the
 * older one decides what can be only once, and each adds the ports that the others do not have.
 */
export function serviceOf(host: string, entries: readonly Config<ServiceEntry>[]): Service | undefined {
  const [first] = entries;
  if (!first) return undefined;
  const { spec, namespace } = first;
  return new Service({
    host,
    name: serviceName(host, namespace),
    namespace,
    addresses: spec.addresses ?? [],
    ports: mergedPorts(entries),
    resolution: resolutionOf(spec),
    meshExternal: spec.location !== 'MESH_INTERNAL',
    exportTo: spec.exportTo ?? [],
    subjectAltNames: [...new Set(entries.flatMap(({ spec }) => spec.subjectAltNames ?? []))].sort(),
    createdAt: first.resource.creationTimestamp,
    sources: entries.map(({ key }) => key),
  });
}

function serviceName(host: string, namespace: string): string {
  const suffix = `.${namespace}.svc.${DOMAIN_SUFFIX}`;
  return host.endsWith(suffix) ? host.slice(0, -suffix.length) : host;
}

function mergedPorts(entries: readonly Config<ServiceEntry>[]): ServicePort[] {
  const ports = new Map<number, ServicePort>();
  for (const port of entries.flatMap(({ spec }) => spec.ports ?? [])) {
    if (!ports.has(port.number)) ports.set(port.number, servicePort(port));
  }
  return [...ports.values()];
}

function servicePort(port: Port): ServicePort {
  const { number, name = '', targetPort } = port;
  return { number, name, ...spokenAt(port), targetPort: targetPort || number };
}

/** Names that no name server knows (wildcards) are left to the original destination, as Istio does. */
function resolutionOf(spec: ServiceEntry): Resolution {
  switch (spec.resolution) {
    case 'STATIC':
      return 'EDS';
    case 'DNS':
      return 'STRICT_DNS';
    case 'DNS_ROUND_ROBIN':
      return 'LOGICAL_DNS';
    default:
      return 'ORIGINAL_DST';
  }
}
