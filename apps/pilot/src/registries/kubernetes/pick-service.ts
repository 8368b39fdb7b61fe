import type { KubeObject } from '#common/kube';
import type { TrafficDistribution } from '../../model/service.js';
import type { IpFamily, KubePort, KubeService } from './objects.js';

interface ServiceObject extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly externalIPs?: readonly string[];
    readonly externalName?: string;
    readonly ipFamilies?: readonly IpFamily[];
    readonly ports?: readonly {
      readonly port: number;
      readonly name?: string;
      readonly protocol?: string;
      readonly appProtocol?: string;
      readonly targetPort?: number | string;
    }[];
    readonly selector?: Readonly<Record<string, string>>;
    readonly internalTrafficPolicy?: string;
    readonly trafficDistribution?: string;
  };
}

/** @see https://istio.io/latest/docs/reference/config/annotations/ */
const EXPORT_TO = 'networking.istio.io/exportTo';
/** From before Services had a field for it. */
const TRAFFIC_DISTRIBUTION = 'networking.istio.io/traffic-distribution';
const DISTRIBUTIONS: readonly TrafficDistribution[] = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
/** Names of service accounts of the Service's namespace, and whole identities, that may stand behind it. */
const ACCOUNTS = 'alpha.istio.io/kubernetes-serviceaccounts';
const CANONICAL_ACCOUNTS = 'alpha.istio.io/canonical-serviceaccounts';
/** What a client without a sidecar finds at a Service that has no address. */
const NONE = 'None';

export function pickService(object: KubeObject): KubeService {
  const { metadata, spec = {} } = object as ServiceObject;
  const { annotations = {}, namespace = '', creationTimestamp = '' } = metadata;
  const clusterIPs = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  return {
    ...(spec.type === 'ExternalName' && { externalName: spec.externalName ?? '' }),
    headless: clusterIPs[0] === NONE,
    addresses: [...clusterIPs.filter((address) => address !== NONE && address), ...(spec.externalIPs ?? [])],
    families: spec.ipFamilies ?? [],
    ports: portsOf(spec),
    selector: spec.selector ?? {},
    nodeLocal: spec.internalTrafficPolicy === 'Local',
    ...distributed(spec.trafficDistribution ?? annotations[TRAFFIC_DISTRIBUTION]),
    exportTo: listed(annotations[EXPORT_TO]),
    accounts: [
      ...listed(annotations[ACCOUNTS]).map((name) => `ns/${namespace}/sa/${name}`),
      ...listed(annotations[CANONICAL_ACCOUNTS]).map((name) => `spiffe://${name}`),
    ],
    createdAt: creationTimestamp,
  };
}

/** Envoy has nothing that carries SCTP. */
function portsOf({ ports = [] }: NonNullable<ServiceObject['spec']>): KubePort[] {
  return ports
    .filter(({ protocol }) => protocol !== 'SCTP')
    .map(({ port, name = '', protocol, appProtocol = '', targetPort }) => {
      return { number: port, name, udp: protocol === 'UDP', appProtocol, target: targetPort || port };
    });
}

/** @see https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-distribution */
function distributed(stated = ''): Pick<KubeService, 'trafficDistribution'> {
  const known = DISTRIBUTIONS.find((each) => each.toLowerCase() === stated.toLowerCase());
  return known ? { trafficDistribution: known } : {};
}

function listed(text = ''): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
