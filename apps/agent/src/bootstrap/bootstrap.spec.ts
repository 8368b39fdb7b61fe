import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseProxyConfig } from '../proxy-config.js';
import { bootstrapOf, type BootstrapInputs } from './bootstrap.js';

/** `UPDATE_GOLDENS=1` writes what the code makes now; the diff is the review. */
const golden = (name: string) => new URL(`testdata/${name}.json`, import.meta.url);

const SIDECAR: BootstrapInputs = {
  node: {
    type: 'sidecar',
    namespace: 'default',
    serviceAccount: 'bookinfo-reviews',
    name: 'reviews-v1',
    address: '127.10.0.3',
    labels: new Map([
      ['app', 'reviews'],
      ['version', 'v1'],
      ['istio-locality', 'eu.north.rack1'],
    ]),
    trustDomain: 'cluster.local',
    interceptionMode: 'NONE',
    httpProxyPort: 15002,
  },
  xds: { host: '127.0.0.1', port: 15012 },
  xdsPlaintext: false,
  sdsSocket: '/run/quartet/sds.sock',
  admin: { host: '127.10.0.3', port: 15000 },
  status: { host: '127.10.0.3', port: 15020 },
  readinessPort: 15021,
  prometheusPort: 15090,
};

const GATEWAY: BootstrapInputs = {
  ...SIDECAR,
  node: {
    ...SIDECAR.node,
    type: 'router',
    name: 'istio-ingressgateway',
    labels: new Map(),
    httpProxyPort: undefined,
  },
  xds: { host: 'pilot.example', port: 15010 },
  xdsPlaintext: true,
  admin: { host: '127.0.0.1', port: 0 },
  readinessPort: undefined,
};

const PROXY_CONFIG = {
  meshId: 'example',
  tracingServiceName: 'CANONICAL_NAME_ONLY',
  tracing: { sampling: 10 },
  runtimeValues: { 'envoy.reloadable_features.a': 'true' },
  proxyMetadata: { ISTIO_META_HTTP10: '1', OTHER: 'x' },
  statsdUdpAddress: '127.0.0.1:8125',
  envoyMetricsService: { address: 'metrics.example.com:80' },
  connectionSettings: { globalDownstreamConnectionLimit: 1_000 },
  proxyStatsMatcher: { inclusionPrefixes: ['a'], inclusionSuffixes: ['b'], inclusionRegexps: ['c.*'] },
};

describe('bootstrapOf', () => {
  it.each([
    ['sidecar', SIDECAR],
    ['gateway', GATEWAY],
    ['proxy-config', { ...SIDECAR, proxyConfig: parseProxyConfig(JSON.stringify(PROXY_CONFIG)) }],
  ])('makes the golden bootstrap of a %s', (name, inputs) => {
    const made = `${JSON.stringify(bootstrapOf(inputs), null, 2)}\n`;
    if (process.env.UPDATE_GOLDENS) writeFileSync(golden(name), made);
    expect(made).toBe(readFileSync(golden(name), 'utf8'));
  });
});
