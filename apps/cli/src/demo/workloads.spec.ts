import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { placeWorkloads, type Placement } from './workloads.js';
import { SAMPLES } from './workspace.js';

const yaml = readFileSync(join(SAMPLES, 'workloads.yaml'), 'utf8');
const ownAddresses: Placement = { sockets: '/tmp/d/s', address: (n) => `127.10.3.${n}` };
const ownPorts: Placement = {
  sockets: '/tmp/d/s',
  address: () => '127.0.0.1',
  ports: (n) => ({ inbound: 20_000 + n, proxy: 30_000 + n }),
};

/** The spec of one resource of the YAML. */
function specOf(text: string, kind: string, name: string): unknown {
  const values = parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);
  const found = values.find(
    (value) => value.kind === kind && (value.metadata as { name: string }).name === name,
  );
  return found?.spec;
}

describe('placeWorkloads', () => {
  it('reads from the samples whom to start: the gateway and a workload per version', () => {
    const { workloads } = placeWorkloads(yaml, ownAddresses);
    expect(workloads.map(({ name }) => name)).toEqual([
      'istio-ingressgateway',
      'productpage-v1',
      'details-v1',
      'reviews-v1',
      'reviews-v2',
      'reviews-v3',
      'ratings-v1',
    ]);
    expect(workloads[0]).toMatchObject({ namespace: 'istio-system', socket: undefined });
    expect(workloads[4]).toMatchObject({
      namespace: 'default',
      serviceAccount: 'bookinfo-reviews-v2',
      labels: { app: 'reviews', version: 'v2' },
      address: '127.10.3.5',
      port: 9080,
      proxyPort: 15002,
      socket: '/tmp/d/s/reviews-v2.sock',
    });
  });

  it('writes addresses and sockets where the resources have them', () => {
    const placed = placeWorkloads(yaml, ownAddresses).yaml;
    expect(specOf(placed, 'WorkloadEntry', 'reviews-v2')).toMatchObject({ address: '127.10.3.5' });
    expect(specOf(placed, 'Sidecar', 'reviews-v2')).toMatchObject({
      ingress: [
        { port: { number: 9080 }, bind: '127.10.3.5', defaultEndpoint: 'unix:///tmp/d/s/reviews-v2.sock' },
      ],
    });
    expect(placed).not.toContain('/run/bookinfo/reviews');
  });

  it('gives workloads ports of their own where they share an address', () => {
    const { yaml: placed, workloads } = placeWorkloads(yaml, ownPorts);
    expect(workloads[4]).toMatchObject({ address: '127.0.0.1', port: 20_005, proxyPort: 30_005 });
    expect(specOf(placed, 'WorkloadEntry', 'reviews-v2')).toMatchObject({ ports: { http: 20_005 } });
    expect(specOf(placed, 'Sidecar', 'reviews-v2')).toMatchObject({
      ingress: [{ port: { number: 20_005 }, bind: '127.0.0.1' }],
    });
  });

  it('keeps every document, and parses again to the same workloads', () => {
    const placed = placeWorkloads(yaml, ownAddresses).yaml;
    expect(parseAllDocuments(placed)).toHaveLength(parseAllDocuments(yaml).length);
    expect(placeWorkloads(placed, ownAddresses)).toEqual({
      ...placeWorkloads(yaml, ownAddresses),
      yaml: placed,
    });
  });
});
