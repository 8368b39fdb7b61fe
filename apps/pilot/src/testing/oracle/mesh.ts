import type { DestinationRule, Gateway, Resource, ServiceEntry, VirtualService } from '#config';
import type { Caller } from './expected.js';

/** Config as the oracle reads it: no indexes, no caches, every question goes through all there is. */
export interface Mesh {
  readonly services: readonly Named<ServiceEntry>[];
  readonly virtualServices: readonly Named<VirtualService>[];
  readonly destinationRules: readonly Named<DestinationRule>[];
  readonly gateways: readonly Named<Gateway>[];
}

export interface Named<Spec> {
  readonly namespace: string;
  readonly name: string;
  readonly created: string;
  readonly spec: Spec;
}

export function meshOf(resources: readonly Resource[]): Mesh {
  const ofKind = <Spec>(wanted: string): Named<Spec>[] =>
    resources
      .filter(({ kind }) => kind === wanted)
      .map(({ namespace, name, creationTimestamp: created, spec }) => {
        return { namespace, name, created, spec: spec as Spec };
      })
      .sort(older);
  return {
    services: ofKind('ServiceEntry'),
    virtualServices: ofKind('VirtualService'),
    destinationRules: ofKind('DestinationRule'),
    gateways: ofKind('Gateway'),
  };
}

/** The older counts first; of equally old ones the first by name and namespace. */
function older(a: Named<unknown>, b: Named<unknown>): number {
  const rank = ({ created, name, namespace }: Named<unknown>): string => `${created}|${name}.${namespace}`;
  return rank(a) < rank(b) ? -1 : 1;
}

/** Kubernetes' long name of a short one. */
export function longName(host: string, namespace: string): string {
  return host.includes('.') || host === '*' ? host : `${host}.${namespace}.svc.cluster.local`;
}

/** How narrowly a pattern names a host: undefined for not at all, the largest for by its name. */
export function narrowness(pattern: string, host: string): number | undefined {
  if (pattern === host) return Infinity;
  if (!pattern.startsWith('*')) return undefined;
  const ending = pattern.slice(1);
  return host.endsWith(ending) && host.length > ending.length ? pattern.length : undefined;
}

export function isExported({ namespace, spec }: Named<{ exportTo?: string[] }>, to: Caller): boolean {
  const { exportTo = [] } = spec;
  const all = exportTo.length === 0 || exportTo.includes('*');
  return all || exportTo.includes(to.namespace) || (exportTo.includes('.') && namespace === to.namespace);
}

export function serviceOf({ services }: Mesh, host: string): ServiceEntry | undefined {
  return services.find(({ spec }) => spec.hosts.includes(host))?.spec;
}

/** All names by which the caller's applications may address a host: its own, and the shortened ones of Kubernetes. */
export function namesOf(host: string, caller: Caller): string[] {
  const ending = '.svc.cluster.local';
  if (!host.endsWith(ending) || host.startsWith('*')) return [host];
  const [name = '', namespace = ''] = host.slice(0, -ending.length).split('.');
  const qualified = [host, `${name}.${namespace}.svc`, `${name}.${namespace}`];
  return namespace === caller.namespace ? [...qualified, name] : qualified;
}
