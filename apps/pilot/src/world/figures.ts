/** Sizes of a world and of its flaws, as Istio's metrics count them. Kept up edit by edit: reading them costs nothing. */
export interface Figures {
  /** One for each namespace that defines a host. */
  readonly services: number;
  readonly virtualServices: number;
  /** Ports of services whose endpoints Pilot hands out, and that have none. */
  readonly portsWithoutInstances: number;
  readonly endpointsNotReady: number;
  /** VirtualServices of the mesh that come too late for one of their hosts, once for each such host. */
  readonly duplicateDomains: number;
  /** Subsets that an older DestinationRule of their namespace has under the same name for the same host. */
  readonly duplicateSubsets: number;
}

export type ServiceFigures = Pick<Figures, 'services' | 'portsWithoutInstances' | 'endpointsNotReady'>;

export const NO_FIGURES: Figures = {
  services: 0,
  virtualServices: 0,
  portsWithoutInstances: 0,
  endpointsNotReady: 0,
  duplicateDomains: 0,
  duplicateSubsets: 0,
};

/** A sum over keys, after those named have changed. */
export function recounted(
  sum: number,
  changed: Iterable<string>,
  before: (key: string) => number,
  after: (key: string) => number,
): number {
  let next = sum;
  for (const key of new Set(changed)) next += after(key) - before(key);
  return next;
}
