import type { CodeName } from '../codes.js';
import type { Gateway } from '../kinds/gateway.js';
import type { VirtualService } from '../kinds/networking.js';
import type { Path } from '../problem.js';
import type { Resource, ResourceKey } from '../resource.js';
import { resourceKey } from '../resource.js';
import { byAge } from './age.js';
import { delegateOf, delegated } from './delegation.js';
import { MESH_GATEWAY, fullHostName, gatewayNames } from './names.js';

/** What is wrong between VirtualServices, or between them and Gateways. */
export interface Finding {
  readonly code: CodeName;
  readonly message: string;
  readonly resource: ResourceKey;
  readonly path: Path;
}

type Routes = Resource<VirtualService>;

/** Everything that only several resources together show. Called with specs that fit their schema. */
export function routeConflicts(resources: Iterable<Resource>): Finding[] {
  const all = [...resources].filter(({ kind }) => kind === 'VirtualService' || kind === 'Gateway');
  const byKey = new Map(all.map((resource) => [resource.key, resource]));
  const services = all.filter(({ kind }) => kind === 'VirtualService') as Routes[];
  return [
    ...meshHostConflicts(services),
    ...services.flatMap((service) => delegateConflicts(service, byKey)),
    ...services.flatMap((service) => foreignHosts(service, byKey)),
  ];
}

/** Of several VirtualServices for one host of the mesh the oldest counts. */
function meshHostConflicts(services: readonly Routes[]): Finding[] {
  const inMesh = services.filter(
    ({ spec, namespace }) =>
      spec.hosts?.length && gatewayNames(spec.gateways, namespace).includes(MESH_GATEWAY),
  );
  const byHost = new Map<string, Routes[]>();
  const findings: Finding[] = [];
  for (const service of inMesh.sort(byAge)) {
    service.spec.hosts?.forEach((written, index) => {
      const host = fullHostName(written, service.namespace);
      const older = byHost.get(host) ?? [];
      byHost.set(host, [...older, service]);
      const [first] = older.filter((other) => seenTogether(other, service));
      if (first) findings.push(hostConflict(service, index, host, first));
    });
  }
  return findings;
}

function hostConflict({ key }: Routes, index: number, host: string, first: Routes): Finding {
  const message = `host ${host} of the mesh gateway is that of VirtualService ${first.namespace}/${first.name} already, which stays`;
  return { code: 'meshHostConflict', message, resource: key, path: ['spec', 'hosts', index] };
}

/** Whether any namespace sees both. */
function seenTogether(a: Routes, b: Routes): boolean {
  const [ofA, ofB] = [scopes(a), scopes(b)];
  return ofA.includes('*') || ofB.includes('*') || ofA.some((scope) => ofB.includes(scope));
}

function scopes({ spec, namespace }: Routes): string[] {
  return spec.exportTo?.length ? spec.exportTo.map((scope) => (scope === '.' ? namespace : scope)) : ['*'];
}

function delegateConflicts(root: Routes, byKey: ReadonlyMap<ResourceKey, Resource>): Finding[] {
  return (root.spec.http ?? []).flatMap((route, index): Finding[] => {
    const named = delegateOf(route, root.namespace);
    const key = named && resourceKey(root.group, root.kind, named.namespace, named.name);
    const delegate = key ? (byKey.get(key) as Routes | undefined) : undefined;
    if (!delegate) return [];
    const at = { resource: root.key, path: ['spec', 'http', index, 'delegate'] };
    const { namespace, name, spec } = delegate;
    if (spec.hosts?.length)
      return [
        {
          ...at,
          code: 'reference',
          message: `VirtualService ${namespace}/${name} has hosts: it is no delegate`,
        },
      ];
    if (![root.namespace, '*'].some((scope) => scopes(delegate).includes(scope)))
      return [
        {
          ...at,
          code: 'reference',
          message: `delegate ${namespace}/${name} is not exported to ${root.namespace}`,
        },
      ];
    return delegated(route, root.namespace, delegate).conflicts.map((conflict) => ({
      ...at,
      code: 'delegateConflict',
      message: `http[${conflict}] of delegate ${namespace}/${name} contradicts the match of this route and is left out`,
    }));
  });
}

/** Gateways none of whose servers has any host of a VirtualService that is bound to them. */
function foreignHosts(
  { key, spec, namespace }: Routes,
  byKey: ReadonlyMap<ResourceKey, Resource>,
): Finding[] {
  const hosts = (spec.hosts ?? []).map((host) => fullHostName(host, namespace));
  return gatewayNames(spec.gateways, namespace).flatMap((gateway, index): Finding[] => {
    const [home = '', name = ''] = gateway.split('/');
    const found = byKey.get(resourceKey('networking.istio.io', 'Gateway', home, name)) as
      Resource<Gateway> | undefined;
    if (!found || found.spec.servers.some((server) => servesAny(server.hosts, home, hosts, namespace)))
      return [];
    const message = `no server of gateway ${gateway} has any of the hosts ${hosts.join(', ')}`;
    return [{ code: 'hostNotInGateway', message, resource: key, path: ['spec', 'gateways', index] }];
  });
}

function servesAny(
  entries: readonly string[],
  home: string,
  hosts: readonly string[],
  namespace: string,
): boolean {
  return entries.some((entry) => {
    const [scope, pattern = ''] = entry.includes('/') ? entry.split('/', 2) : ['*', entry];
    const admits = scope === '*' || scope === namespace || (scope === '.' && home === namespace);
    return admits && hosts.some((host) => covers(pattern, host) || covers(host, pattern));
  });
}

function covers(pattern: string, host: string): boolean {
  return pattern.startsWith('*') ? host.endsWith(pattern.slice(1)) : pattern === host;
}
