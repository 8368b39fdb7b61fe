import { describe, expect, it } from '@jest/globals';
import type { Proxy } from './proxy.js';
import { proxyFromNode } from './node.js';

const ID = 'sidecar~10.0.0.1~reviews-v1.default~default.svc.cluster.local';

function read(id: string, metadata: Record<string, unknown> = {}): Proxy {
  const result = proxyFromNode({ id, cluster: 'reviews.default', metadata });
  if (!result.ok) throw new Error(result.error);
  return result.proxy;
}

describe('proxyFromNode', () => {
  it('reads what the agent writes', () => {
    const proxy = read(ID, {
      NAMESPACE: 'prod',
      LABELS: { version: 'v1', app: 'reviews', odd: 1 },
      SERVICE_ACCOUNT: 'reviews',
      INSTANCE_IPS: '10.0.0.1,10.0.0.2',
      INTERCEPTION_MODE: 'NONE',
      WORKLOAD_ENTRY: 'reviews-v1',
      HTTP_PROXY_PORT: '15080',
      HTTP10: '1',
      CLUSTER_ID: 'east',
      NODE_NAME: 'node-1',
      QUARTET_VHDS: true,
      EXTENSIONS: 'a'.repeat(60_000),
    });
    expect(proxy).toEqual({
      id: ID,
      clusterName: 'reviews.default',
      type: 'sidecar',
      ipAddresses: ['10.0.0.1', '10.0.0.2'],
      ipFamilies: 'IPv4',
      dnsDomain: 'default.svc.cluster.local',
      namespace: 'prod',
      name: 'reviews-v1.default',
      clusterId: 'east',
      nodeName: 'node-1',
      labels: { app: 'reviews', version: 'v1' },
      serviceAccount: 'reviews',
      locality: { region: '', zone: '', subZone: '' },
      interceptionMode: 'NONE',
      workloadEntry: 'reviews-v1',
      httpProxyPort: 15080,
      http10: true,
      autoAllocate: false,
      vhds: true,
      proxyConfig: {},
      istioVersion: '',
      metadata: {
        CLUSTER_ID: 'east',
        HTTP10: '1',
        HTTP_PROXY_PORT: '15080',
        INSTANCE_IPS: '10.0.0.1,10.0.0.2',
        INTERCEPTION_MODE: 'NONE',
        NAMESPACE: 'prod',
        NODE_NAME: 'node-1',
        QUARTET_VHDS: 'true',
        SERVICE_ACCOUNT: 'reviews',
        WORKLOAD_ENTRY: 'reviews-v1',
      },
      generator: '',
      proven: undefined,
      className: expect.any(String),
    });
  });

  it.each([
    ['10.0.0.1', 'IPv4'],
    ['fd00::1', 'IPv6'],
    ['10.0.0.1,fd00::1', 'both'],
  ])('%s are addresses of family %s', (ips, families) => {
    const id = 'sidecar~~a.default~default.svc.cluster.local';
    expect(read(id, { INSTANCE_IPS: ips }).ipFamilies).toBe(families);
  });

  it('falls back to the node id, and to interception by redirection', () => {
    const proxy = read(ID);
    expect([proxy.namespace, proxy.interceptionMode, proxy.vhds]).toEqual(['default', 'REDIRECT', false]);
  });

  it('puts proxies into one class that say the same of themselves, in whatever order', () => {
    const labels = (order: string[]): object => ({
      LABELS: Object.fromEntries(order.map((key) => [key, key])),
    });
    expect(read(ID, { ...labels(['a', 'b']) }).className).toBe(read(ID, { ...labels(['b', 'a']) }).className);
    expect(read(ID).className).not.toBe(read(ID, { SERVICE_ACCOUNT: 'x' }).className);
    // By its name a proxy finds its pod.
    expect(read(ID).className).not.toBe(read(ID.replace('reviews-v1', 'reviews-v2')).className);
  });

  it.each([
    ['sidecar~10.0.0.1~a.default', 'is not <type>'],
    ['waypoint~10.0.0.1~a.default~x', 'neither sidecar nor router'],
    ['sidecar~~a.default~x', 'has no address'],
  ])('refuses %s', (id, message) => {
    const result = proxyFromNode({ id, cluster: '', metadata: {} });
    expect(result).toEqual({ ok: false, error: expect.stringContaining(message) });
  });

  it.each([['65536'], ['-1'], ['x'], [{}], [null]])('takes %j for no port', (port) => {
    expect(read(ID, { HTTP_PROXY_PORT: port }).httpProxyPort).toBe(0);
  });
});
