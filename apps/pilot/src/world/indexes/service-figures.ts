import { endpointPort } from '../../model/service.js';
import type { ServiceFigures } from '../figures.js';
import type { Hosted } from './hosted.js';

/** The figures of all services after those of one host have changed. */
export function withHost(
  figures: ServiceFigures,
  before: readonly Hosted[],
  after: readonly Hosted[],
): ServiceFigures {
  const differing = (count: (hosted: Hosted) => number): number => total(after, count) - total(before, count);
  return {
    services: figures.services + differing(() => 1),
    portsWithoutInstances: figures.portsWithoutInstances + differing(portsWithoutInstances),
    endpointsNotReady: figures.endpointsNotReady + differing(({ idle }) => idle.length),
  };
}

function total(hosted: readonly Hosted[], count: (hosted: Hosted) => number): number {
  return hosted.reduce((sum, each) => sum + count(each), 0);
}

function portsWithoutInstances({ service, endpoints }: Hosted): number {
  if (service.resolution !== 'EDS') return 0;
  return service.ports.filter(
    (port) =>
      port.protocol !== 'UDP' && !endpoints.some((endpoint) => endpointPort(endpoint, port) !== undefined),
  ).length;
}
