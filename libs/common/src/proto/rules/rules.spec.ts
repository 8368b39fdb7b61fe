import { describe, expect, it } from '@jest/globals';
import { messageFromJson, type JsonObject } from '../json/index.js';
import { brokenRule } from './index.js';

const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const HOST = 'envoy.config.route.v3.VirtualHost';
const ASSIGNMENT = 'envoy.config.endpoint.v3.ClusterLoadAssignment';

function endpoint(port: number): object {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return { cluster_name: 'a', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] };
}

function any(type: string, value: object): object {
  return { '@type': `type.googleapis.com/${type}`, ...value };
}

const fault = (status: number) => ({
  name: 'a',
  domains: ['*'],
  typed_per_filter_config: {
    'envoy.filters.http.fault': any('envoy.extensions.filters.http.fault.v3.HTTPFault', {
      abort: { http_status: status, percentage: { numerator: 1 } },
    }),
  },
});

const header = (key: string) => ({
  name: 'a',
  domains: ['*'],
  request_headers_to_add: [{ header: { key, value: 'x' } }],
});

describe('brokenRule', () => {
  it.each([
    [CLUSTER, { name: 'a', connect_timeout: '1s', outlier_detection: { max_ejection_percent: 100 } }],
    [ASSIGNMENT, endpoint(65_535)],
    [ASSIGNMENT, { cluster_name: 'a' }],
    [HOST, fault(503)],
    [HOST, header('x-a')],
    [
      HOST,
      { name: 'a', domains: ['*'], routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }] },
    ],
    ['envoy.no.such.Message', {}],
  ])('finds nothing wrong with a good %s %#', (type, value) => {
    const bytes = type.includes('no.such')
      ? new Uint8Array([1, 2, 3])
      : messageFromJson(type, value as JsonObject);
    expect(brokenRule(type, bytes)).toBeUndefined();
  });

  it.each<[string, string, object, string]>([
    [
      'a number inside a wrapper',
      CLUSTER,
      { name: 'a', outlier_detection: { max_ejection_percent: 300 } },
      'envoy.config.cluster.v3.OutlierDetection.max_ejection_percent: value must be less than or equal to 100',
    ],
    [
      'a plain number, deep inside',
      ASSIGNMENT,
      endpoint(99_999),
      'envoy.config.core.v3.SocketAddress.port_value: value must be less than or equal to 65535',
    ],
    [
      'a range, in an extension',
      HOST,
      fault(9_999),
      'envoy.extensions.filters.http.fault.v3.FaultAbort.http_status: ' +
        'value must be greater than or equal to 200 and less than 600',
    ],
    [
      'a text that is not there',
      CLUSTER,
      {},
      'envoy.config.cluster.v3.Cluster.name: value length must be at least 1 characters',
    ],
    [
      'a list without members',
      HOST,
      { name: 'a' },
      'envoy.config.route.v3.VirtualHost.domains: value must contain at least 1 items',
    ],
    [
      'an alternative that nobody chose',
      HOST,
      { name: 'a', domains: ['*'], routes: [{ match: {}, direct_response: { status: 200 } }] },
      'envoy.config.route.v3.RouteMatch.path_specifier: is required',
    ],
    [
      'a message that is not there',
      HOST,
      { name: 'a', domains: ['*'], routes: [{ direct_response: { status: 200 } }] },
      'envoy.config.route.v3.Route.match: value is required',
    ],
    [
      'a duration',
      'envoy.config.core.v3.KeepaliveSettings',
      { interval: '1s', timeout: '0.0000001s' },
      'envoy.config.core.v3.KeepaliveSettings.timeout: value must be greater than or equal to 0.001',
    ],
    [
      'a header name',
      HOST,
      header('x\ny'),
      'envoy.config.core.v3.HeaderValue.key: value does not match regex pattern "^[^\\x00\\x0A\\x0D]*$"',
    ],
  ])('tells what is wrong with %s', (_what, type, value, words) => {
    expect(brokenRule(type, messageFromJson(type, value as JsonObject))).toBe(words);
  });
});
