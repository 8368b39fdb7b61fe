import { endpointPort } from '../model/service.js';
import type { WorldContents } from '../model/contract.js';

/** Istio's /debug/configz: every resource in force, with where it was written. */
export function configz({ configs }: WorldContents): object[] {
  return configs.map(({ config: { resource }, origin }) => {
    const { key, labels, annotations, creationTimestamp, spec } = resource;
    return { key, origin, labels, annotations, creationTimestamp, spec };
  });
}

/** Istio's /debug/registryz: every service. */
export function registryz({ services }: WorldContents): object[] {
  // Spread, because a service prints as its digest inside a generator's inputs.
  return services.map(({ service, endpoints }) => ({ ...service, endpoints: endpoints.length }));
}

/** Istio's /debug/endpointz: every endpoint, by service port. */
export function endpointz({ services }: WorldContents): object[] {
  return services.flatMap(({ service, endpoints }) =>
    service.ports.map((port) => ({
      svc: `${service.host}:${port.name}`,
      namespace: service.namespace,
      ep: endpoints.flatMap((endpoint) => {
        const number = endpointPort(endpoint, port);
        const servicePort = { name: port.name, port: port.number, protocol: port.protocol };
        return number === undefined ? [] : [{ ...endpoint, ports: undefined, port: number, servicePort }];
      }),
    })),
  );
}
