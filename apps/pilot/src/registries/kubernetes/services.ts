import type { ObjectKey } from '#common/kube';
import { resourceKey } from '#config';
import { DOMAIN_SUFFIX } from '../../model/host.js';
import { serviceId, type RegisteredService, type RegistryId } from '../../model/registry.js';
import { Service, type Endpoint, type Resolution, type ServicePort } from '../../model/service.js';
import { spokenAt } from '../protocol.js';
import type { KubePort, KubeService } from './objects.js';

/** The id, as the world knows it, of the service that an object is. */
export function idOf(key: ObjectKey): string {
  const { namespace, name } = splitKey(key);
  return serviceId(namespace, hostOf(namespace, name));
}

export function splitKey(key: ObjectKey): { readonly namespace: string; readonly name: string } {
  const at = key.indexOf('/');
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}

function hostOf(namespace: string, name: string): string {
  return `${name}.${namespace}.svc.${DOMAIN_SUFFIX}`;
}

/** Made once for each object. */
const made = new WeakMap<KubeService, Pick<RegisteredService, 'service' | 'selectors' | 'fallback'>>();

/** All of a service but its endpoints. */
export function registeredAs(
  registry: RegistryId,
  key: ObjectKey,
  object: KubeService,
): Pick<RegisteredService, 'service' | 'selectors' | 'fallback'> {
  let known = made.get(object);
  if (!known) made.set(object, (known = describe(registry, key, object)));
  return known;
}

function describe(registry: RegistryId, key: ObjectKey, object: KubeService) {
  const { externalName, selector } = object;
  const selects = externalName === undefined && Object.keys(selector).length > 0;
  return {
    service: serviceOf(key, object),
    // Its pods are named by its EndpointSlices.
    selectors: selects ? [{ labels: selector, pods: false }] : [],
    ...(externalName && { fallback: external(registry, key, externalName) }),
  };
}

function serviceOf(key: ObjectKey, object: KubeService): Service {
  const { namespace, name } = splitKey(key);
  const { addresses, ports, externalName, nodeLocal, exportTo, accounts, createdAt } = object;
  const { trafficDistribution } = object;
  return new Service({
    host: hostOf(namespace, name),
    name,
    namespace,
    addresses,
    ports: ports.map(portOf),
    resolution: resolutionOf(object),
    meshExternal: externalName !== undefined,
    exportTo,
    subjectAltNames: [...accounts].sort(),
    createdAt,
    sources: [resourceKey('', 'Service', namespace, name)],
    ...(nodeLocal && { nodeLocal }),
    ...(trafficDistribution && { trafficDistribution }),
    ...(resolutionOf(object) === 'ORIGINAL_DST' && { headless: true }),
  });
}

function portOf({ number, name, udp, appProtocol, target }: KubePort): ServicePort {
  const spoken = spokenAt({ number, name, appProtocol, protocol: udp ? 'UDP' : '' });
  // Where pods name a port, their EndpointSlices resolve it; a WorkloadEntry may do the same.
  if (typeof target === 'string') return { number, name, ...spoken, targetPort: number, targetName: target };
  return { number, name, ...spoken, targetPort: target };
}

/** Clients of a headless service connect to its endpoints by their own addresses. */
function resolutionOf({ externalName, headless }: KubeService): Resolution {
  if (externalName !== undefined) return 'STRICT_DNS';
  return headless ? 'ORIGINAL_DST' : 'EDS';
}

function external({ id }: RegistryId, key: ObjectKey, address: string): Endpoint {
  const { namespace, name } = splitKey(key);
  return {
    address,
    ports: {},
    labels: {},
    locality: '',
    weight: 0,
    namespace,
    serviceAccount: '',
    tlsMode: 'disabled',
    source: resourceKey('', 'Service', namespace, name),
    index: 0,
    registry: id,
  };
}
