import type { Path } from './problem.js';
import type { DestinationRule } from './kinds/destination-rule.js';
import type { MeshConfig } from './kinds/mesh.js';
import type { HTTPRoute, ServiceEntry, VirtualService } from './kinds/networking.js';
import type { QuotaSpecBinding, Rule } from './kinds/policy.js';
import type { Telemetry } from './kinds/telemetry.js';
import { resourceKey } from './resource.js';
import type { Resource, ResourceKey } from './resource.js';
import { delegateOf } from './routes/delegation.js';
import { fullHostName } from './routes/names.js';
import { isAddress } from './rules/text.js';

/**
 * Something that resources can name and others provide: a resource by its key, a service by `host/<name>`, a subset
 * by `subset/<host>/<name>`, a provider of MeshConfig by `provider/<name>`.
 */
export type Provision = string;

/** A place in a resource that names something. */
export interface Reference {
  readonly path: Path;
  /** What is named, in words. */
  readonly what: string;
  /** Any of these will do. */
  readonly anyOf: readonly Provision[];
}

/** What a resource gives others to name. */
export function provisionsOf({ key, kind, namespace, spec }: Resource): Provision[] {
  switch (kind) {
    case 'ServiceEntry':
      return [key, ...(spec as ServiceEntry).hosts.map((host) => `host/${host}`)];
    case 'DestinationRule': {
      const { host, subsets = [] } = spec as DestinationRule;
      return [key, ...subsets.map(({ name }) => `subset/${fullHostName(host, namespace)}/${name}`)];
    }
    case 'MeshConfig':
      return [key, ...((spec as MeshConfig).extensionProviders ?? []).map(({ name }) => `provider/${name}`)];
    default:
      return [key];
  }
}

/** A Service of Kubernetes is not read, but it is there to be named. */
export function serviceProvision(name: string, namespace: string): Provision {
  return `host/${fullHostName(name, namespace)}`;
}

/** What a resource names. Called with specs that fit their schema. */
export function referencesOf(resource: Resource): Reference[] {
  switch (resource.kind) {
    case 'VirtualService':
      return virtualServiceReferences(resource.spec as VirtualService, resource.namespace);
    case 'rule':
      return ruleReferences(resource.spec as Rule, resource.namespace);
    case 'QuotaSpecBinding':
      return bindingReferences(resource.spec as QuotaSpecBinding, resource.namespace);
    case 'MeshConfig':
      return meshReferences(resource.spec as MeshConfig);
    case 'Telemetry':
      return telemetryReferences(resource.spec as Telemetry);
    default:
      return [];
  }
}

function virtualServiceReferences(spec: VirtualService, namespace: string): Reference[] {
  const references: Reference[] = [];
  spec.gateways?.forEach((gateway, index) => {
    if (gateway !== 'mesh')
      references.push(gatewayReference(gateway, namespace, ['spec', 'gateways', index]));
  });
  spec.http?.forEach((route, index) => {
    references.push(...delegateReferences(route, namespace, index));
    references.push(...mirrorReferences(route, namespace, index));
  });
  for (const protocol of ['http', 'tls', 'tcp'] as const) {
    spec[protocol]?.forEach((route, index) => {
      route.route?.forEach(({ destination }, target) => {
        const path = ['spec', protocol, index, 'route', target, 'destination'];
        references.push(...destinationReferences(destination, namespace, path));
      });
    });
  }
  return references;
}

function delegateReferences(route: HTTPRoute, namespace: string, index: number): Reference[] {
  const delegate = delegateOf(route, namespace);
  if (!delegate) return [];
  const key = resourceKey('networking.istio.io', 'VirtualService', delegate.namespace, delegate.name);
  const path = ['spec', 'http', index, 'delegate'];
  return [{ path, what: `delegate ${delegate.namespace}/${delegate.name}`, anyOf: [key] }];
}

function mirrorReferences(
  { mirror, mirrors = [] }: HTTPRoute,
  namespace: string,
  index: number,
): Reference[] {
  const at = ['spec', 'http', index] as const;
  return [
    ...(mirror ? destinationReferences(mirror, namespace, [...at, 'mirror']) : []),
    ...mirrors.flatMap(({ destination }, position) =>
      destinationReferences(destination, namespace, [...at, 'mirrors', position, 'destination']),
    ),
  ];
}

/** Providers that there are without being configured. */
const BUILT_IN_PROVIDERS: ReadonlySet<string> = new Set(['prometheus', 'stackdriver', 'envoy']);

/** Services that providers are found at. */
function meshReferences({ extensionProviders = [] }: MeshConfig): Reference[] {
  return extensionProviders.flatMap((provider, index) =>
    Object.entries(provider).flatMap(([form, value]: [string, unknown]): Reference[] => {
      const { service } = value as { service?: unknown };
      if (typeof service !== 'string') return [];
      const host = service.slice(service.indexOf('/') + 1);
      const path = ['data', 'mesh', 'extensionProviders', index, form, 'service'];
      const anyOf = withWildcards(host).map((name) => `host/${name}`);
      return [{ path, what: `service ${JSON.stringify(service)} of a provider`, anyOf }];
    }),
  );
}

function telemetryReferences(spec: Telemetry): Reference[] {
  return (['tracing', 'metrics', 'accessLogging'] as const).flatMap((section) =>
    (spec[section] ?? []).flatMap(({ providers = [] }, index) =>
      providers.flatMap(({ name }, at): Reference[] => {
        if (BUILT_IN_PROVIDERS.has(name)) return [];
        const path = ['spec', section, index, 'providers', at, 'name'];
        return [{ path, what: `provider ${JSON.stringify(name)}`, anyOf: [`provider/${name}`] }];
      }),
    ),
  );
}

function gatewayReference(gateway: string, namespace: string, path: Path): Reference {
  const [name = '', home = namespace] = gateway.split('/').reverse();
  const [first = '', second] = name.split('.');
  const anyOf = [gatewayKey(home === '.' ? namespace : home, name)];
  if (second !== undefined && home === namespace) anyOf.push(gatewayKey(second, first));
  return { path, what: `gateway ${JSON.stringify(gateway)}`, anyOf };
}

function gatewayKey(namespace: string, name: string): ResourceKey {
  return resourceKey('networking.istio.io', 'Gateway', namespace, name);
}

function destinationReferences(
  { host, subset }: { host: string; subset?: string },
  namespace: string,
  path: Path,
): Reference[] {
  if (isAddress(host)) return [];
  const names = withWildcards(fullHostName(host, namespace));
  const references: Reference[] = [
    {
      path: [...path, 'host'],
      what: `host ${JSON.stringify(host)}`,
      anyOf: names.map((name) => `host/${name}`),
    },
  ];
  if (subset === undefined) return references;
  const what = `subset ${JSON.stringify(subset)} of host ${JSON.stringify(host)}`;
  const anyOf = names.map((name) => `subset/${name}/${subset}`);
  return [...references, { path: [...path, 'subset'], what, anyOf }];
}

function ruleReferences(spec: Rule, namespace: string): Reference[] {
  return (spec.actions ?? []).flatMap(({ handler, instances = [] }, index) => {
    const path = ['spec', 'actions', index];
    const named = instances.map((name, at) =>
      policyReference('instance', name, namespace, [...path, 'instances', at]),
    );
    return [policyReference('handler', handler, namespace, [...path, 'handler']), ...named];
  });
}

/** `name`, `name.namespace` or `name.kind.namespace`, as Mixer resolves them. */
function policyReference(kind: string, name: string, namespace: string, path: Path): Reference {
  const key = (home: string, own: string): ResourceKey => resourceKey('config.istio.io', kind, home, own);
  const parts = name.split('.');
  const [first = '', second = '', third = ''] = parts;
  const anyOf = [key(namespace, name)];
  if (parts.length === 2) anyOf.push(key(second, first));
  if (parts.length === 3) anyOf.push(key(third, first));
  return { path, what: `${kind} ${JSON.stringify(name)}`, anyOf };
}

function bindingReferences(spec: QuotaSpecBinding, namespace: string): Reference[] {
  return (spec.quotaSpecs ?? []).map(({ name, namespace: home = namespace }, index) => ({
    path: ['spec', 'quotaSpecs', index, 'name'],
    what: `quota spec ${JSON.stringify(name)}`,
    anyOf: [resourceKey('config.istio.io', 'QuotaSpec', home, name)],
  }));
}

/** `a.b.c`, `*.b.c`, `*.c`: what may stand for this host in another resource. */
function withWildcards(host: string): string[] {
  const labels = host.split('.');
  return [host, ...labels.slice(1).map((_label, index) => `*.${labels.slice(index + 1).join('.')}`)];
}
