import { takesEffect, MARK } from './routes.js';
import { check, type Tour } from './step.js';

/** A host of the tour, and the VirtualService, in a file of its own, that gives it a route through the gateway. */
export interface MarkedHost {
  readonly host: string;
  readonly file: string;
}

const COUNT = 200;

export const MARKED_HOSTS: readonly MarkedHost[] = Array.from({ length: COUNT }, (_, index) => {
  const host = `tour-${String(index).padStart(3, '0')}.example.com`;
  return { host, file: `${host}.yaml` };
});

/** The VirtualService of a host. Its route shows `mark` in every answer. */
export function markedRoute({ host }: MarkedHost, mark: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${host.split('.')[0]}
  namespace: default
spec:
  hosts: [${host}]
  gateways: [bookinfo-gateway]
  http:
    - match:
        - uri: { prefix: /api/v1/products }
      headers: { response: { set: { ${MARK}: '${mark}' } } }
      route:
        - destination: { host: productpage, port: { number: 9080 } }
`;
}

/** Adds all marked hosts, runs the action with them in force, and takes them away again. */
export async function withMarkedHosts<T>(tour: Tour, mark: string, action: () => Promise<T>): Promise<T> {
  const { config } = tour;
  for (const each of MARKED_HOSTS) config.replace(each.file, markedRoute(each, mark));
  let result: T;
  try {
    for (const each of MARKED_HOSTS)
      await takesEffect(each.host, async () => (await markOf(tour, each)) === mark);
    result = await action();
  } finally {
    for (const each of MARKED_HOSTS) config.remove(each.file);
  }
  for (const each of MARKED_HOSTS) {
    await takesEffect(`the end of ${each.host}`, async () => (await markOf(tour, each)) === undefined);
  }
  return result;
}

/** What the cheapest call answers that goes through the gateway and a sidecar. */
export function request({ gateway }: Tour, { host }: MarkedHost) {
  return gateway.get('/api/v1/products', { host });
}

/** What the host's route shows; without one, the gateway's route for all hosts answers, and shows nothing. */
async function markOf(tour: Tour, each: MarkedHost) {
  const { status, headers } = await request(tour, each);
  check(status === 200, `${each.host} answered ${status}`);
  return headers[MARK];
}
