import fc from 'fast-check';
import type { DestinationRule, Gateway, HTTPRoute, Resource, ServiceEntry, VirtualService } from '#config';
import { resourceKey } from '#config';
import { destinationRuleFor, SUBSETS } from './destination-rules.js';
import { gatewayFor } from './gateways.js';
import { actionOf, matchOf } from './http-routes.js';
import type { Place, PlaceWords } from './places.js';
import { wordsOf } from './places.js';

/**
 * A small world of its own, so that many fit into one proxy: two services, an external one, hosts that only a
 * VirtualService has, and what is said of them. All names hold the number of the set.
 */
export interface ConfigSet {
  readonly index: number;
  readonly place: Place;
  readonly hosts: readonly string[];
  readonly resources: readonly Resource[];
}

/** Real ports of the two ports that every service of the tests has. */
export interface ServerPorts {
  readonly 80: number;
  readonly 8080: number;
}

export function configSet(
  index: number,
  ports: ServerPorts,
  place: Place = 'sidecar',
): fc.Arbitrary<ConfigSet> {
  const names = hostsOf(index);
  const words = wordsOf(place, index, [names.one, names.external, names.alone]);
  const destination = fc.record(
    {
      host: fc.constantFrom(names.one, `one${index}`, names.two, names.external),
      subset: fc.constantFrom(...SUBSETS, 'v1', 'v2', 'v1', 'v2', 'unknown'),
      port: fc.constantFrom({ number: 80 }, { number: 8080 }),
    },
    { requiredKeys: ['host'] },
  );
  const matches = fc.array(matchOf(words), { minLength: 1, maxLength: 2 });
  const action = actionOf(destination);
  const conditional = fc.tuple(action, matches).map(([made, match]): HTTPRoute => ({ match, ...made }));
  const http = fc
    .tuple(fc.array(conditional, { minLength: 1, maxLength: 5 }), fc.option(action, { nil: undefined }))
    .map(([routes, last]) => [...routes, ...(last ? [last] : [])]);
  const main = virtualService(
    fc.constantFrom([`one${index}`], [names.one, names.external], [`*.wild${index}.example.com`, names.one]),
    http,
    words,
  );
  const other = virtualService(
    fc.constantFrom([names.two], [names.alone], [names.external], [names.one]),
    http,
    words,
  );
  const gateway = place === 'gateway' ? gatewayFor(Object.values(names)) : fc.constant(undefined);
  const delegate = http.map((routes): VirtualService => ({ hosts: [], http: routes.map(exactCase) }));
  const rules = fc.tuple(
    ...[names.one, names.two, names.external].map((host) =>
      fc.option(destinationRuleFor(host), { freq: 5, nil: undefined }),
    ),
  );
  return fc
    .tuple(main, other, delegate, rules, fc.boolean(), gateway)
    .map(([first, second, third, ruled, delegates, edge]) => {
      const root = { ...first, http: [...(delegates ? [delegating(index)] : []), ...(first.http ?? [])] };
      return {
        index,
        place,
        hosts: Object.values(names),
        resources: [
          ...services(index, ports),
          resource('VirtualService', `first${index}`, root, '2020-01-01T00:00:00Z'),
          resource('VirtualService', `second${index}`, second, '2021-01-01T00:00:00Z'),
          resource('VirtualService', `delegate${index}`, third, ''),
          ...(edge ? [resource('Gateway', `gw${index}`, edge, '')] : []),
          ...ruled.flatMap((rule, at) =>
            rule ? [resource('DestinationRule', `rule${index}-${at}`, rule, '')] : [],
          ),
        ],
      };
    });
}

export const DELEGATE_HEADER = 'h-delegate';

function hostsOf(index: number) {
  return {
    one: `one${index}.default.svc.cluster.local`,
    two: `two${index}.default.svc.cluster.local`,
    external: `external${index}.example.com`,
    wild: `*.wild${index}.example.com`,
    alone: `alone${index}.example.com`,
  };
}

function virtualService(
  hosts: fc.Arbitrary<string[]>,
  http: fc.Arbitrary<HTTPRoute[]>,
  { bindings, exports }: PlaceWords,
): fc.Arbitrary<VirtualService> {
  return fc.record(
    {
      hosts,
      http,
      gateways: fc.constantFrom(...bindings.map((each) => [...each])),
      exportTo: fc.constantFrom(...exports.map((each) => [...each])),
    },
    { requiredKeys: ['hosts', 'http'] },
  );
}

/** Its condition is on a header that nothing else asks for, so that no delegate can contradict it. */
function delegating(index: number): HTTPRoute {
  const delegate = { name: `delegate${index}`, namespace: 'default' };
  return { match: [{ headers: { [DELEGATE_HEADER]: { exact: 'yes' } } }], delegate };
}

/** A delegate that is more lenient about case than its root contradicts it, says Istio. */
function exactCase({ match, ...route }: HTTPRoute): HTTPRoute {
  return match ? { match: match.map(({ ignoreUriCase: _, ...rest }) => rest), ...route } : route;
}

function services(index: number, ports: ServerPorts): Resource[] {
  const { one, two, external } = hostsOf(index);
  const both = [
    { number: 80, name: 'http', protocol: 'HTTP' },
    { number: 8080, name: 'http-alt', protocol: 'HTTP' },
  ];
  const served: [string, ServiceEntry['ports'], ServiceEntry['location']][] = [
    [one, both, 'MESH_INTERNAL'],
    [two, both.slice(0, 1), 'MESH_INTERNAL'],
    [external, both, 'MESH_EXTERNAL'],
  ];
  return served.map(([host, own, location], role) => {
    const spec: ServiceEntry = {
      hosts: [host],
      ports: own ?? [],
      ...(location && { location }),
      resolution: 'STATIC',
      endpoints: [1, 2, 3, 4].map((last) => ({
        address: `127.${index + 1}.${role + 1}.${last}`,
        ports: { http: ports[80], ...(own?.length === 2 && { 'http-alt': ports[8080] }) },
        labels: { version: last <= 2 ? 'v1' : 'v2' },
      })),
    };
    return resource('ServiceEntry', `service${index}-${role}`, spec, '');
  });
}

function resource(
  kind: string,
  name: string,
  spec: VirtualService | DestinationRule | ServiceEntry | Gateway,
  creationTimestamp: string,
): Resource {
  const [group, namespace] = ['networking.istio.io', 'default'];
  const key = resourceKey(group, kind, namespace, name);
  return { key, group, kind, namespace, name, labels: {}, annotations: {}, creationTimestamp, spec };
}
