import { describe, expect, it } from '@jest/globals';
import { clusters } from './clusters.js';
import { parseDump, type ConfigDump } from './dump.js';
import { liveEndpoints, sentEndpoints } from './endpoints.js';
import { listeners } from './listeners.js';
import { routes } from './routes.js';
import { secrets } from './secrets.js';

const dumpOf = (message: string, content: object): ConfigDump =>
  parseDump(
    JSON.stringify({ configs: [{ '@type': `type.googleapis.com/envoy.admin.v3.${message}`, ...content }] }),
    'test',
  );
const istio = (kind: string) => ({
  metadata: {
    filter_metadata: {
      istio: { config: `/apis/networking.istio.io/v1/namespaces/prod/${kind}/reviews` },
    },
  },
});

describe('proxy-config', () => {
  it('shows routes under the names that they have in a whole table', () => {
    const route_config = {
      name: '9080',
      virtual_hosts: [
        {
          name: '9080/reviews:9080',
          domains: ['reviews', 'reviews.prod', 'reviews.prod.svc'],
          routes: [
            { match: { prefix: '/a' }, ...istio('virtual-service') },
            { match: { path: '/b' } },
            { match: { safe_regex: { regex: '/c.*' } } },
            { match: { path_separated_prefix: '/d' } },
          ],
        },
      ],
    };
    const dump = dumpOf('RoutesConfigDump', { dynamic_route_configs: [{ route_config }] });
    const { rows, items } = routes(dump, {});
    const start = ['9080', 'reviews:9080', 'reviews, reviews.prod + 1 more...'];
    expect(rows).toEqual([
      [...start, '/a*', 'reviews.prod'],
      [...start, '/b', ''],
      [...start, 'regex /c.*', ''],
      [...start, 'PathPrefix:/d', ''],
    ]);
    expect(items[0]).toMatchObject({ virtual_hosts: [{ name: 'reviews:9080' }] });
    expect(routes(dump, { name: '80' }).items).toEqual([]);
  });

  it('takes clusters apart, and filters them', () => {
    const named = (name: string) => ({ cluster: { name, type: 'EDS', ...istio('destination-rule') } });
    const dump = dumpOf('ClustersConfigDump', {
      static_clusters: [{ cluster: { name: 'xds-grpc' } }],
      dynamic_active_clusters: [
        named('outbound|80|v1|reviews.prod.svc.cluster.local'),
        named('inbound|8080||'),
      ],
    });
    expect(clusters(dump, {}).rows).toEqual([
      ['', '8080', '-', 'inbound', 'EDS', 'reviews.prod'],
      ['reviews.prod.svc.cluster.local', '80', 'v1', 'outbound', 'EDS', 'reviews.prod'],
      ['xds-grpc', '-', '-', '-', 'STATIC', ''],
    ]);
    expect(clusters(dump, { direction: 'outbound', fqdn: 'reviews' }).rows).toHaveLength(1);
    expect(clusters(dump, { port: '81' }).rows).toEqual([]);
  });

  it('tells what each filter chain takes and where it goes', () => {
    const filters = (type: string, config: object) => [
      { typed_config: { '@type': `type.googleapis.com/x.${type}`, ...config } },
    ];
    const listener = {
      name: '0.0.0.0_443',
      address: { socket_address: { address: '0.0.0.0', port_value: 443 } },
      filter_chains: [
        {
          filter_chain_match: { server_names: ['a.com'], transport_protocol: 'tls' },
          filters: filters('TcpProxy', { weighted_clusters: { clusters: [{ name: 'a' }, { name: 'b' }] } }),
        },
        {
          filter_chain_match: {
            prefix_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }],
            destination_port: 80,
          },
          filters: filters('HttpConnectionManager', { rds: { route_config_name: '80' } }),
        },
      ],
      default_filter_chain: { filters: filters('Unknown', {}) },
    };
    const dump = dumpOf('ListenersConfigDump', {
      dynamic_listeners: [{ name: listener.name, active_state: { listener } }],
    });
    expect(listeners(dump, {}).rows).toEqual([
      ['0.0.0.0', '443', 'SNI: a.com; Trans: tls', 'Cluster: a, b'],
      ['0.0.0.0', '443', 'Addr: 10.0.0.0/8:80', 'Route: 80'],
      ['0.0.0.0', '443', 'ALL', 'Non-HTTP/Non-TCP'],
    ]);
    expect(listeners(dump, { port: '80' }).items).toEqual([]);
  });

  it('shows endpoints as Envoy sees them, or as they were sent', () => {
    const address = { socket_address: { address: '10.0.0.1', port_value: 8080 } };
    const name = 'outbound|80||a.prod';
    const live = liveEndpoints(
      {
        cluster_statuses: [
          { name, host_statuses: [{ address, health_status: { failed_outlier_check: true } }] },
        ],
      },
      { fqdn: 'a.prod' },
    );
    expect(live.rows).toEqual([['10.0.0.1:8080', 'HEALTHY', 'FAILED', name]]);
    const endpoint_config = {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    };
    const dump = dumpOf('EndpointsConfigDump', { dynamic_endpoint_configs: [{ endpoint_config }] });
    expect(sentEndpoints(dump, { port: '8080' }).rows).toEqual([['10.0.0.1:8080', '-', '-', name]]);
    expect(sentEndpoints(dump, { port: '80' }).rows).toEqual([]);
  });

  it('names secrets that it cannot look into', () => {
    const dump = dumpOf('SecretsConfigDump', {
      dynamic_active_secrets: [{ name: 'default', secret: { name: 'default' } }],
      dynamic_warming_secrets: [{ name: 'late' }],
    });
    expect(secrets(dump, {}, 0).rows).toEqual([
      ['default', '-', 'ACTIVE', '-', '-', '-', '-'],
      ['late', '-', 'WARMING', '-', '-', '-', '-'],
    ]);
  });

  it('says what is no dump', () => {
    expect(() => parseDump('{', 'x.json')).toThrow('x.json is not JSON');
    expect(() => parseDump('[]', 'x.json')).toThrow('no config dump');
  });
});
