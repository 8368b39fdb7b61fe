import type { JsonObject } from '#common/proto/json';
import type { Translation } from '../translate.js';

/** Something that Envoy must refuse, put into a translation that it takes. */
export interface SeededFault {
  readonly name: string;
  /** What Envoy says of it. */
  readonly complaint: RegExp;
  readonly type: keyof Translation;
  readonly spoil: (resource: JsonObject) => JsonObject;
}

const route = (members: JsonObject): SeededFault['spoil'] => {
  return (resource) => ({
    ...resource,
    virtual_hosts: [{ name: 'bad', domains: ['*'], routes: [{ match: { prefix: '/' }, ...members }] }],
  });
};
const virtualHosts = (...domains: string[][]): SeededFault['spoil'] => {
  return (resource) => ({
    ...resource,
    virtual_hosts: domains.map((names, index) => ({ name: `bad-${index}`, domains: names })),
  });
};
const chains = (...chains: JsonObject[]): SeededFault['spoil'] => {
  return (resource) => ({ ...resource, filter_chains: chains });
};
const members = (spoilt: JsonObject): SeededFault['spoil'] => {
  return (resource) => ({ ...resource, ...spoilt });
};
const address = (text: string): JsonObject => ({
  endpoint: { address: { socket_address: { address: text, port_value: 80 } } },
});

export const SEEDED_FAULTS: readonly SeededFault[] = [
  {
    name: 'a listener with two filter chains for the same connections',
    type: 'listeners',
    complaint: /has the same matching rules/,
    spoil: chains(
      { filter_chain_match: { transport_protocol: 'tls' }, filters: [] },
      { filter_chain_match: { transport_protocol: 'tls' }, filters: [] },
    ),
  },
  {
    name: 'a listener with a filter that there is not',
    type: 'listeners',
    complaint: /Didn't find a registered implementation for 'no.such.filter'/,
    spoil: chains({
      filters: [
        {
          name: 'no.such.filter',
          typed_config: { '@type': 'type.googleapis.com/google.protobuf.Struct', value: {} },
        },
      ],
    }),
  },
  {
    name: 'a listener with an unknown field',
    type: 'listeners',
    complaint: /no\s+such\s+field:\s+'bind_to_ports'/,
    spoil: members({ bind_to_ports: true }),
  },
  {
    name: 'a route with a bad regular expression',
    type: 'routes',
    complaint: /missing \):/,
    spoil: route({ match: { safe_regex: { regex: '(' } }, route: { cluster: 'a' } }),
  },
  {
    name: 'two virtual hosts with one domain',
    type: 'routes',
    complaint: /Only unique values for domains are permitted/,
    spoil: virtualHosts(['a.example.com'], ['a.example.com']),
  },
  {
    name: 'a route that sets a header to two lines',
    type: 'routes',
    complaint: /HeaderValueValidationError.Value/,
    spoil: route({
      request_headers_to_add: [{ header: { key: 'x', value: 'a\nb' } }],
      route: { cluster: 'a' },
    }),
  },
  {
    name: 'a route with a redirect code out of range',
    type: 'routes',
    complaint: /unknown enum value: 'TEAPOT'/,
    spoil: route({ redirect: { response_code: 'TEAPOT' } }),
  },
  {
    name: 'a cluster whose ring is smaller than its smallest',
    type: 'clusters',
    complaint: /minimum_ring_size/,
    spoil: members({
      lb_policy: 'RING_HASH',
      ring_hash_lb_config: { minimum_ring_size: 100, maximum_ring_size: 10 },
    }),
  },
  {
    name: 'a cluster with no time to connect in',
    type: 'clusters',
    complaint: /ConnectTimeout/,
    spoil: members({ connect_timeout: '0s' }),
  },
  {
    name: 'a cluster with half a transport socket',
    type: 'clusters',
    complaint: /Didn't find a registered implementation/,
    spoil: members({ transport_socket: { name: 'no.such.socket' } }),
  },
  {
    name: 'an endpoint with a name for an address',
    type: 'endpoints',
    complaint: /malformed IP address: not-an-address/,
    spoil: members({ endpoints: [{ lb_endpoints: [address('not-an-address')] }] }),
  },
  {
    name: 'an endpoint without weight',
    type: 'endpoints',
    complaint: /LoadBalancingWeight/,
    spoil: members({
      endpoints: [{ lb_endpoints: [{ ...address('10.0.0.1'), load_balancing_weight: 0 }] }],
    }),
  },
  {
    name: 'endpoints of a priority after a gap',
    type: 'endpoints',
    complaint: /Priority: value must be/,
    spoil: members({ endpoints: [{ priority: 200, lb_endpoints: [address('10.0.0.1')] }] }),
  },
];

/** The translation with the first resource of the fault's type spoilt; undefined where it has none. */
export function seeded(translation: Translation, { type, spoil }: SeededFault): Translation | undefined {
  const [first, ...rest] = translation[type];
  return first && { ...translation, [type]: [spoil(first), ...rest] };
}
