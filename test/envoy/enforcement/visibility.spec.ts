import { describe, expect, it } from '@jest/globals';
import { translate } from '#app/pilot';
import { readResources } from '../../../apps/pilot/src/testing/read-resources.js';
import { DISCOVERY_ROW, VISIBILITY_ROWS } from './rows.js';

/** What is not exported to a namespace is not sent to its proxies: none of them could enforce it. */
const CONFIG: Readonly<Record<(typeof VISIBILITY_ROWS)[number], string>> = {
  'VirtualService export-to': `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: marked, namespace: own}
spec: {hosts: [seen.test], exportTo: ["."], http: [{name: marked, directResponse: {status: 418}}]}`,
  'DestinationRule export-to': `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: marked, namespace: own}
spec: {host: seen.test, exportTo: ["."], subsets: [{name: marked}]}`,
  'ServiceEntry export-to': `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: marked, namespace: own}
spec: {hosts: [marked.test], exportTo: ["."], ports: [{number: 80, name: http}], resolution: DNS}`,
};

const SEEN = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: seen, namespace: own}
spec: {hosts: [seen.test], ports: [{number: 80, name: http}], resolution: DNS}
---`;

function sentTo(namespace: string, config: string): string {
  const proxyNodeId = `sidecar~10.0.0.1~client.${namespace}~${namespace}.svc.cluster.local`;
  const result = translate({ resources: readResources(`${SEEN}${config}`), proxyNodeId });
  if (!result.ok) throw new Error(result.error);
  return JSON.stringify(result.translation);
}

it(`${DISCOVERY_ROW}: nobody is told of what is in another namespace`, () => {
  const marked = CONFIG['ServiceEntry export-to'].replace('["."]', '["*"]');
  const selecting = (namespace: string): string => `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "discoverySelectors: [{matchLabels: {kubernetes.io/metadata.name: ${namespace}}}]"}
`;
  for (const namespace of ['own', 'other']) {
    expect(sentTo(namespace, marked + selecting('own'))).toContain('marked');
    expect(sentTo(namespace, marked + selecting('other'))).not.toContain('marked');
  }
});

describe('what exportTo withholds', () => {
  it.each(VISIBILITY_ROWS)('%s', (row) => {
    expect(sentTo('own', CONFIG[row])).toContain('marked');
    expect(sentTo('other', CONFIG[row])).not.toContain('marked');
  });
});
