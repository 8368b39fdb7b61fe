import { describe, expect, it } from '@jest/globals';
import { envoy, google } from '#common/proto/envoy';
import type { JsonObject } from './index.js';
import type { MessageJsonError } from './index.js';
import { messageFromJson, messageToJson } from './index.js';

const LISTENER = 'envoy.config.listener.v3.Listener';
const CLUSTER = 'envoy.config.cluster.v3.Cluster';

function roundTrip(type: string, json: JsonObject): JsonObject {
  return messageToJson(type, messageFromJson(type, json));
}

describe('proto3 JSON', () => {
  it('prints what the generated code encodes, by the names of the .proto files', () => {
    const value = envoy.config.cluster.v3.Cluster.encode({
      name: 'a',
      type: envoy.config.cluster.v3.Cluster.DiscoveryType.EDS,
      connectTimeout: { seconds: 1, nanos: 500_000_000 },
      respectDnsTtl: true,
      circuitBreakers: { thresholds: [{ maxConnections: { value: 0xffffffff } }] },
      metadata: {
        filterMetadata: {
          istio: { fields: { n: { numberValue: 0 }, list: { listValue: { values: [{ nullValue: 0 }] } } } },
        },
      },
    }).finish();
    expect(messageToJson(CLUSTER, value)).toEqual({
      name: 'a',
      type: 'EDS',
      connect_timeout: '1.500s',
      respect_dns_ttl: true,
      circuit_breakers: { thresholds: [{ max_connections: 4294967295 }] },
      metadata: { filter_metadata: { istio: { n: 0, list: [null] } } },
    });
  });

  it('opens an Any, and one inside it', () => {
    const json = {
      name: 'l',
      filter_chains: [
        {
          filters: [
            {
              name: 'hcm',
              typed_config: {
                '@type':
                  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                stat_prefix: 'x',
                http_filters: [
                  {
                    name: 'router',
                    typed_config: {
                      '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                    },
                  },
                ],
              },
            },
          ],
        },
      ],
    };
    expect(roundTrip(LISTENER, json)).toEqual(json);
  });

  it('prints a well-known type inside an Any as its value', () => {
    const any = google.protobuf.Any.encode({
      type_url: 'type.googleapis.com/google.protobuf.Duration',
      value: google.protobuf.Duration.encode({ seconds: 3, nanos: 1000 }).finish(),
    }).finish();
    expect(messageToJson('google.protobuf.Any', any)).toEqual({
      '@type': 'type.googleapis.com/google.protobuf.Duration',
      value: '3.000001s',
    });
  });

  it('keeps a default that was set where presence counts', () => {
    expect(roundTrip('google.protobuf.Value', 0 as never)).toBe(0);
    const route = {
      name: 'r',
      match: { prefix: '' },
      direct_response: { status: 200, body: { inline_bytes: 'AP8=' } },
    };
    expect(roundTrip('envoy.config.route.v3.Route', route)).toEqual(route);
  });

  it('takes fields by either name, and refuses those that there are not', () => {
    expect(roundTrip(LISTENER, { bindToPort: false })).toEqual({ bind_to_port: false });
    expect(() => messageFromJson(LISTENER, { nonsense: 1 })).toThrow("has no field 'nonsense'");
    expect(() => messageFromJson(CLUSTER, { type: 'NO_SUCH' })).toThrow("has no value 'NO_SUCH'");
    expect(() => messageFromJson(CLUSTER, { connectTimeout: 'soon' })).toThrow('is no duration');
  });

  it('prints times and large numbers as texts', () => {
    expect(roundTrip('google.protobuf.Timestamp', '2026-01-02T03:04:05.006Z' as never)).toBe(
      '2026-01-02T03:04:05.006Z',
    );
    expect(roundTrip('google.protobuf.UInt64Value', '12' as never)).toBe('12');
  });
});

describe('JSON that is not of the message', () => {
  const problem = (type: string, json: unknown): unknown => {
    try {
      return messageFromJson(type, json as JsonObject);
    } catch (error) {
      const { path, reason } = error as MessageJsonError;
      return [path.join('.'), reason];
    }
  };
  const lua = 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua';

  it.each([
    [
      { filter_chains: [{ filters: [{ typed_config: { '@type': lua, inline: 'x' } }] }] },
      'filter_chains.0.filters.0.typed_config',
      "envoy.extensions.filters.http.lua.v3.Lua has no field 'inline'",
    ],
    [{ filter_chains: {} }, 'filter_chains', 'expected a list'],
    [{ filter_chains: [1] }, 'filter_chains.0', /expected an object/],
    [{ name: 1 }, 'name', 'expected a text, not 1'],
    [{ bind_to_port: 'yes' }, 'bind_to_port', 'expected true or false, not yes'],
    [{ tcp_backlog_size: -1 }, 'tcp_backlog_size', '-1 is no uint32'],
    [{ tcp_backlog_size: 'many' }, 'tcp_backlog_size', 'expected a number, not many'],
    [{ listener_filters_timeout: '5' }, 'listener_filters_timeout', /no duration/],
    [{ bindToPort: true, bind_to_port: true }, '', "'bind_to_port' is written twice"],
    [
      { address: { socket_address: { port_value: 1, named_port: 'a' } } },
      'address.socket_address',
      "'named_port' and 'port_value' exclude each other",
    ],
    [
      { access_log: [{ typed_config: { '@type': 'x/envoy.config.filter.http.lua.v2.Lua' } }] },
      'access_log.0.typed_config.@type',
      /v2.Lua is of Envoy's API v2/,
    ],
    [
      { access_log: [{ typed_config: { '@type': 'x/a.b.C' } }] },
      'access_log.0.typed_config.@type',
      /no message a.b.C/,
    ],
    [{ access_log: [{ typed_config: { inline: 1 } }] }, 'access_log.0.typed_config', /@type/],
  ])('%j is refused, by its path', (json, path, reason) => {
    const expected: unknown = typeof reason === 'string' ? reason : expect.stringMatching(reason);
    expect(problem(LISTENER, json)).toEqual([path, expected]);
  });
});

it('knows extensions of Envoy that Quartet itself has no use for', () => {
  const json = {
    name: 'envoy.filters.http.lua',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
      default_source_code: { inline_string: 'function envoy_on_request(h) end' },
    },
  };
  expect(roundTrip('envoy.config.core.v3.TypedExtensionConfig', json)).toEqual(json);
});
