import { describe, expect, it } from '@jest/globals';
import type { HttpRequest } from './call.js';
import type { FilterChain, Listener, Route, RouteMatch, VirtualHost } from './envoy-config.js';
import { filterChainOf } from './filter-chain.js';
import { changedHeaders, requestChanges } from './header-changes.js';
import { listenerOf } from './listener.js';
import { normalisedPath, rewrittenPath } from './path.js';
import { locationOf } from './redirect.js';
import { takes } from './route.js';
import { virtualHostOf } from './virtual-host.js';

const at = (address: string, port: number, rest: Partial<Listener> = {}): Listener => ({
  name: `${address}_${port}`,
  address: { socket_address: { address, port_value: port } },
  ...rest,
});

describe('the listener', () => {
  const captured = [
    at('0.0.0.0', 80, { bind_to_port: false }),
    at('10.0.0.1', 80, { bind_to_port: false }),
    at('0.0.0.0', 15001, { name: 'virtualOutbound', use_original_dst: true }),
    at('0.0.0.0', 15006, { name: 'virtualInbound' }),
  ];

  it.each([
    ['its own address before all addresses', { address: '10.0.0.1', port: 80 }, '10.0.0.1_80'],
    ['all addresses', { address: '10.0.0.2', port: 80 }, '0.0.0.0_80'],
    ['the capture listener where none has the port', { address: '10.0.0.1', port: 81 }, 'virtualOutbound'],
  ])('with interception: %s', (_what, destination, name) => {
    expect(listenerOf(captured, { destination })?.name).toBe(name);
  });

  it('of inbound calls is the one that captures them', () => {
    const call = { destination: { address: '10.0.0.9', port: 80 }, direction: 'inbound' as const };
    expect(listenerOf(captured, call)?.name).toBe('virtualInbound');
  });

  it('without interception has to be bound', () => {
    const destination = { address: '127.0.0.1', port: 80 };
    expect(listenerOf([at('127.0.0.1', 80)], { destination })?.name).toBe('127.0.0.1_80');
    expect(listenerOf([at('127.0.0.1', 80, { bind_to_port: false })], { destination })).toBeUndefined();
  });
});

describe('the filter chain', () => {
  const named = (name: string, match: FilterChain['filter_chain_match'] = {}): FilterChain => ({
    name,
    filter_chain_match: match,
  });
  const chains: readonly FilterChain[] = [
    named('any'),
    named('port', { destination_port: 80, transport_protocol: 'tls', application_protocols: ['istio'] }),
    named('subnet', { prefix_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] }),
    named('host', { prefix_ranges: [{ address_prefix: '10.0.0.1', prefix_len: 32 }] }),
    named('exact', { server_names: ['www.example.com'] }),
    named('wild', { server_names: ['*.example.com'] }),
    named('wilder', { server_names: ['*.com'] }),
    named('h2', { transport_protocol: 'tls', application_protocols: ['h2'] }),
    named('tls', { transport_protocol: 'tls' }),
  ];
  const listener = at('0.0.0.0', 1, { filter_chains: chains, default_filter_chain: named('default') });
  const tls = (sni?: string, ...alpn: string[]) => ({ tls: { ...(sni && { sni }), alpn } });
  const to = (address: string, port = 1) => ({ destination: { address, port } });

  it.each([
    ['the longest prefix', to('10.0.0.1'), 'host'],
    ['a shorter one', to('10.9.9.9'), 'subnet'],
    ['an exact server name', { ...to('1.1.1.1'), ...tls('www.example.com') }, 'exact'],
    ['the longest wildcard', { ...to('1.1.1.1'), ...tls('a.b.example.com') }, 'wild'],
    ['a shorter one, in whatever case', { ...to('1.1.1.1'), ...tls('WWW.OTHER.com') }, 'wilder'],
    ['what the wildcard does not stand for', { ...to('1.1.1.1'), ...tls('com') }, 'tls'],
    ['a protocol', { ...to('1.1.1.1'), ...tls(undefined, 'http/1.1', 'h2') }, 'h2'],
    ['plain text', to('1.1.1.1'), 'any'],
    [
      'an address before a server name, without a way back',
      { ...to('10.0.0.1'), ...tls('www.example.com') },
      'host',
    ],
    ['a port, and then nothing that fits', { ...to('10.0.0.1', 80), ...tls(undefined, 'h2') }, 'default'],
  ])('%s', (_what, call, name) => expect(filterChainOf(listener, call)?.name).toBe(name));
});

describe('the virtual host', () => {
  const hosts: readonly VirtualHost[] = [
    '*',
    'a.example.com',
    '*.example.com',
    '*-b.example.com',
    'a.*',
    'A.b:80',
  ].map((domain) => ({ name: domain, domains: [domain] }));

  it.each([
    ['a.example.com', 'a.example.com'],
    ['A.Example.COM', 'a.example.com'],
    ['b.example.com', '*.example.com'],
    ['x-b.example.com', '*-b.example.com'],
    ['a.other.org', 'a.*'],
    ['other.org', '*'],
    ['a.b:80', 'A.b:80'],
    ['a.example.com:81', 'a.*'],
  ])('of %s is %s', (authority, name) => {
    expect(virtualHostOf({ virtual_hosts: hosts }, authority)?.name).toBe(name);
  });

  it('does not depend on the port where told so', () => {
    const table = { virtual_hosts: hosts, ignore_port_in_host_matching: true };
    expect(virtualHostOf(table, 'a.example.com:81')?.name).toBe('a.example.com');
  });
});

describe('a route takes', () => {
  const request: HttpRequest = {
    method: 'GET',
    authority: 'a',
    path: '/Items/12?v=2&empty&v=3',
    headers: { 'x-one': 'a', 'x-list': ['a', 'b'], 'content-type': 'application/grpc+proto' },
  };
  const exact = (text: string) => ({ string_match: { exact: text } });

  it.each<[boolean, RouteMatch]>([
    [true, { prefix: '/Items' }],
    [false, { prefix: '/items' }],
    [true, { prefix: '/items', case_sensitive: false }],
    [true, { path: '/Items/12' }],
    [false, { path: '/Items/12?v=2' }],
    [true, { safe_regex: { regex: '/Items/[0-9]+' } }],
    [false, { safe_regex: { regex: '/Items' } }],
    [true, { path_separated_prefix: '/Items' }],
    [false, { path_separated_prefix: '/Ite' }],
    [true, { prefix: '/', headers: [{ name: 'X-One', ...exact('a') }] }],
    [true, { prefix: '/', headers: [{ name: 'x-list', ...exact('a,b') }] }],
    [false, { prefix: '/', headers: [{ name: 'x-none', ...exact('a'), invert_match: true }] }],
    [
      true,
      {
        prefix: '/',
        headers: [{ name: 'x-none', ...exact('a'), invert_match: true, treat_missing_header_as_empty: true }],
      },
    ],
    [true, { prefix: '/', headers: [{ name: 'x-none', present_match: true, invert_match: true }] }],
    [false, { prefix: '/', headers: [{ name: 'x-one', present_match: true, invert_match: true }] }],
    [true, { prefix: '/', headers: [{ name: ':method', string_match: { prefix: 'G' } }] }],
    [true, { prefix: '/', query_parameters: [{ name: 'v', ...exact('2') }] }],
    [true, { prefix: '/', query_parameters: [{ name: 'empty', present_match: true }] }],
    [false, { prefix: '/', query_parameters: [{ name: 'none', present_match: true }] }],
    [true, { prefix: '/', grpc: {} }],
    [false, { prefix: '/', dynamic_metadata: [{}] }],
  ])('%s: %j', (expected, match) => expect(takes(match, request)).toBe(expected));
});

describe('a path', () => {
  it('is normalised', () => {
    expect(normalisedPath('/a/./b/../c?x=/../')).toBe('/a/c?x=/../');
    expect(normalisedPath('/a\\b/%2E%2e/c/..')).toBe('/a/');
    expect(normalisedPath('//a', { merge: true })).toBe('/a');
  });

  it.each<[string, RouteMatch, Parameters<typeof rewrittenPath>[2], string]>([
    ['/a/b?c', { prefix: '/a' }, { prefix: '/x' }, '/x/b?c'],
    ['/a/b?c', { path: '/a/b' }, { prefix: '/x' }, '/x?c'],
    ['/a/b?c', { safe_regex: { regex: '.*' } }, { prefix: '/x' }, '/x?c'],
    [
      '/a/b?c',
      { prefix: '/' },
      { regex: { pattern: { regex: '/(.)' }, substitution: '\\1-\\\\' } },
      'a-\\b-\\?c',
    ],
  ])('%s is rewritten', (path, match, how, expected) =>
    expect(rewrittenPath(path, match, how)).toBe(expected),
  );

  it.each<[Parameters<typeof locationOf>[0], string, string]>([
    [{ host_redirect: 'b' }, 'a:8080', 'http://b/p?q'],
    [{ https_redirect: true }, 'a:80', 'https://a/p?q'],
    [{ https_redirect: true }, 'a:8080', 'https://a:8080/p?q'],
    [{ port_redirect: 81 }, 'a:8080', 'http://a:81/p?q'],
    [{ path_redirect: '/x' }, 'a', 'http://a/x?q'],
    [{ path_redirect: '/x?y' }, 'a', 'http://a/x?y'],
    [{ path_redirect: '/x', strip_query: true }, 'a', 'http://a/x'],
  ])('%j redirects %s to %s', (redirect, authority, location) => {
    const request = { method: 'GET', authority, path: '/p?q' };
    expect(locationOf(redirect, { prefix: '/' }, request, 'http')).toBe(location);
  });
});

it('headers are removed, then added, the innermost level first', () => {
  const add = (key: string, value: string) => ({ header: { key, value } });
  const route: Partial<Route> = {
    request_headers_to_remove: ['a'],
    request_headers_to_add: [
      add('a', '1'),
      { ...add('b', '2'), append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    ],
  };
  const changes = requestChanges(route as Route, { request_headers_to_add: [add('a', '3')] });
  expect(Object.fromEntries(changedHeaders({ a: '0', b: '0', c: '0' }, changes))).toEqual({
    a: '1,3',
    b: '2',
    c: '0',
  });
});
