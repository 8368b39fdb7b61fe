import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from './index.js';
import { decodeFields, encodeFields, mergeFields, messageFromJson, messageToJson } from './index.js';

const LISTENER = 'envoy.config.listener.v3.Listener';
const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

function merged(
  type: string,
  target: object,
  source: object,
  lists: 'append' | 'replace' = 'append',
): unknown {
  const into = decodeFields(type, messageFromJson(type, target as JsonObject));
  mergeFields(type, into, decodeFields(type, messageFromJson(type, source as JsonObject)), lists);
  return messageToJson(type, encodeFields(type, into));
}

describe('merging messages', () => {
  it('keeps what is not mentioned, and takes what is', () => {
    expect(merged(CLUSTER, { name: 'a', alt_stat_name: 'x' }, { alt_stat_name: 'y' })).toEqual({
      name: 'a',
      alt_stat_name: 'y',
    });
  });

  it('appends to lists, or replaces them', () => {
    const [target, source] = [{ listener_filters: [{ name: 'a' }] }, { listener_filters: [{ name: 'b' }] }];
    expect(merged(LISTENER, target, source)).toEqual({ listener_filters: [{ name: 'a' }, { name: 'b' }] });
    expect(merged(LISTENER, target, source, 'replace')).toEqual(source);
    expect(merged(LISTENER, target, { name: 'x' }, 'replace')).toEqual({ ...target, name: 'x' });
  });

  it('replaces durations and wrapped values whole, even by their defaults', () => {
    const target = { connect_timeout: '1.500s', per_connection_buffer_limit_bytes: 5 };
    const source = { connect_timeout: '2s', per_connection_buffer_limit_bytes: 0 };
    expect(merged(CLUSTER, target, source)).toEqual(source);
  });

  it('lets the members of a oneof displace each other', () => {
    const eds = { cluster_type: { name: 'x' } };
    expect(merged(CLUSTER, { type: 'EDS' }, eds)).toEqual(eds);
  });

  const options = (members: object) => ({
    typed_extension_protocol_options: {
      [OPTIONS]: { '@type': `type.googleapis.com/${OPTIONS}`, ...members },
    },
  });

  it('merges inside an Any of the same type, also in a map', () => {
    const http2 = { explicit_http_config: { http2_protocol_options: {} } };
    const idle = { common_http_protocol_options: { idle_timeout: '5s' } };
    expect(merged(CLUSTER, options(http2), options(idle))).toEqual(options({ ...idle, ...http2 }));
  });

  const socket = (type: string, members: object = {}) => ({
    transport_socket: { name: 'tls', typed_config: { '@type': `type.googleapis.com/${type}`, ...members } },
  });
  const TLS = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';

  it('replaces an Any of another type', () => {
    const raw = socket('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer');
    expect(merged(CLUSTER, socket(TLS, { sni: 'a' }), raw)).toEqual(raw);
  });

  it('reads a TypedStruct as the type that it names', () => {
    const typed = socket('xds.type.v3.TypedStruct', { type_url: `x/${TLS}`, value: { max_session_keys: 3 } });
    expect(merged(CLUSTER, socket(TLS, { sni: 'a' }), typed)).toEqual(
      socket(TLS, { sni: 'a', max_session_keys: 3 }),
    );
    const wrong = socket('xds.type.v3.TypedStruct', { type_url: `x/${TLS}`, value: { nonsense: 3 } });
    expect(merged(CLUSTER, socket(TLS, { sni: 'a' }), wrong)).toEqual(wrong);
  });
});
