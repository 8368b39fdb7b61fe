import { describe, expect, it } from '@jest/globals';
import { CODES } from '../codes.js';
import { findKind } from '../kinds/registry.js';
import { formatPath } from '../problem.js';
import { readSpec } from '../validate.js';
import { currentFilterName } from './envoy-filter-names.js';

const LUA = 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua';
const lua = { name: 'lua', typed_config: { '@type': LUA, default_source_code: { inline_string: 'x' } } };

/** `<level> <path>` of everything that is wrong with one patch. */
function problems(patch: object, more: object = {}): string[] {
  const kind = findKind('networking.istio.io', 'EnvoyFilter');
  if (!kind) throw new Error('no such kind');
  const reading = readSpec(kind, { configPatches: [patch], ...more }, []);
  return reading.problems.map(({ code, path }) => `${CODES[code].level} ${formatPath(path)}`);
}

const http = (patch: object, match: object = {}) => ({ applyTo: 'HTTP_FILTER', match, patch });

describe('EnvoyFilter', () => {
  it.each([
    [http({ operation: 'INSERT_BEFORE', value: lua })],
    [http({ operation: 'ADD', value: lua, filterClass: 'AUTHN' }, { context: 'GATEWAY' })],
    [http({ operation: 'REMOVE' }, { listener: { filterChain: { filter: { name: 'x', subFilter: {} } } } })],
    [{ applyTo: 'CLUSTER', match: { cluster: { service: 'a' } }, patch: { operation: 'MERGE', value: {} } }],
    [http({ operation: 'ADD', value: lua }, { proxy: { proxyVersion: '^1\\.2.*', metadata: { a: 'b' } } })],
    [{ apply_to: 'EXTENSION_CONFIG', patch: { operation: 'ADD', value: lua } }],
  ])('takes %j', (patch) => expect(problems(patch)).toEqual([]));

  it.each([
    ['Error configPatches[0]', { patch: { operation: 'ADD', value: lua } }],
    ['Error configPatches[0]', { applyTo: 'HTTP_FILTER' }],
    ['Error configPatches[0].applyTo', { applyTo: 'NOTHING', patch: { operation: 'ADD', value: lua } }],
    ['Error configPatches[0].patch.operation', http({ value: lua })],
    ['Error configPatches[0].patch.value', http({ operation: 'ADD' })],
    ['Error configPatches[0].patch.value', http({ operation: 'ADD', value: { nonsense: 1 } })],
    [
      'Error configPatches[0].patch.value.typed_config',
      http({ operation: 'ADD', value: { name: 'a', typed_config: { '@type': LUA, nonsense: 1 } } }),
    ],
    [
      'Error configPatches[0].patch.value.typed_config["@type"]',
      http({
        operation: 'ADD',
        value: { typed_config: { '@type': 'type.googleapis.com/envoy.config.filter.http.lua.v2.Lua' } },
      }),
    ],
    [
      'Error configPatches[0].patch.value.name',
      { applyTo: 'CLUSTER', patch: { operation: 'ADD', value: {} } },
    ],
    ['Error configPatches[0].match.cluster', http({ operation: 'ADD', value: lua }, { cluster: {} })],
    [
      'Error configPatches[0].match.proxy.proxyVersion',
      http({ operation: 'ADD', value: lua }, { proxy: { proxyVersion: '(' } }),
    ],
    [
      'Error configPatches[0].match.listener.filterChain.filter',
      http({ operation: 'ADD', value: lua }, { listener: { filterChain: { filter: {} } } }),
    ],
    [
      'Warning configPatches[0].applyTo',
      { applyTo: 'BOOTSTRAP', patch: { operation: 'MERGE', value: { stats_flush_interval: '5s' } } },
    ],
    ['Warning configPatches[0].patch.value', http({ operation: 'REMOVE', value: lua })],
    [
      'Warning configPatches[0].patch.filterClass',
      http({ operation: 'MERGE', value: lua, filterClass: 'AUTHZ' }),
    ],
    [
      'Warning configPatches[0].patch.operation',
      { applyTo: 'ROUTE_CONFIGURATION', patch: { operation: 'ADD', value: {} } },
    ],
    [
      'Warning configPatches[0].match.context',
      http({ operation: 'ADD', value: lua }, { context: 'WAYPOINT' }),
    ],
    [
      'Warning configPatches[0].match.listener.filterChain.filter.name',
      http(
        { operation: 'ADD', value: lua },
        { listener: { filterChain: { filter: { name: 'envoy.http_connection_manager' } } } },
      ),
    ],
  ])('says %s', (problem, patch) => expect(problems(patch)).toEqual([problem]));

  it('notes what it cannot be bound to', () => {
    expect(
      problems(http({ operation: 'ADD', value: lua }), { targetRefs: [{ kind: 'Gateway', name: 'a' }] }),
    ).toEqual(['Warning targetRefs']);
  });

  it('notes that it does nothing', () => {
    const kind = findKind('networking.istio.io', 'EnvoyFilter');
    expect(kind && readSpec(kind, {}, []).problems).toMatchObject([{ code: 'noEffect' }]);
  });
});

it.each([
  ['envoy.http_connection_manager', 'envoy.filters.network.http_connection_manager'],
  ['envoy.router', 'envoy.filters.http.router'],
  ['envoy.rate_limit', 'envoy.filters.http.ratelimit'],
  ['envoy.listener.tls_inspector', 'envoy.filters.listener.tls_inspector'],
  ['envoy.filters.http.lua', 'envoy.filters.http.lua'],
  ['my.filter', 'my.filter'],
])('the filter %s is today %s', (old, current) => expect(currentFilterName(old)).toBe(current));
