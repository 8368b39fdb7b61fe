import { resourcePath } from '#common/kube';
import type { RunningKubernetes } from '#common/testing';
import { MESH_TYPES } from '#config';

/** Of some kinds there may be one alone, of this name. */
const SAMPLE = 'default';

/** The least that is valid, by kind; kinds that are only kept are content with nothing. */
const SPECS: Readonly<Record<string, object>> = {
  VirtualService: { hosts: ['a.example.com'], http: [{ directResponse: { status: 200 } }] },
  DestinationRule: { host: 'a.example.com' },
  Gateway: { servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] },
  ServiceEntry: {
    hosts: ['a.example.com'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    resolution: 'NONE',
  },
  WorkloadEntry: { address: '10.0.0.1' },
  WorkloadGroup: { template: { serviceAccount: 'default' } },
  Sidecar: { egress: [{ hosts: ['./*'] }] },
  ProxyConfig: { concurrency: 1 },
  rule: { actions: [{ handler: SAMPLE, instances: [SAMPLE] }] },
  handler: { compiledAdapter: 'denier', params: { status: { code: 7 } } },
  instance: { compiledTemplate: 'checknothing', params: {} },
  attributemanifest: { attributes: { 'sample.name': { valueType: 'STRING' } } },
  QuotaSpec: { rules: [{ quotas: [{ quota: SAMPLE, charge: 1 }] }] },
  QuotaSpecBinding: { quotaSpecs: [{ name: SAMPLE }], services: [{ name: SAMPLE }] },
};

const SETTINGS = { metadata: { name: 'istio' }, data: { mesh: 'accessLogFile: /dev/stdout' } };

/** Puts one object of every kind of mesh config into a cluster, and mesh settings. @throws what the API server refuses */
export async function createSamples({ client }: RunningKubernetes): Promise<void> {
  for (const { group, kind, versions, ...type } of MESH_TYPES) {
    const [version = ''] = versions;
    const body = {
      ...{ apiVersion: `${group}/${version}`, kind, metadata: { name: SAMPLE } },
      spec: SPECS[kind] ?? {},
    };
    await client.send('POST', resourcePath({ group, version, ...type }, namespaceOf(type.scope)), { body });
  }
  await client.send('POST', '/api/v1/namespaces/istio-system/configmaps', { body: SETTINGS });
}

/** Where the sample of a kind is, by the plural and group of the kind. */
export function samplePath(plural: string, group: string): string {
  const type = MESH_TYPES.find((each) => each.plural === plural && each.group === group);
  if (!type) throw new Error(`there is no kind ${plural}.${group}`);
  const version = type.versions[0] ?? '';
  return resourcePath({ group, version, plural }, namespaceOf(type.scope), SAMPLE);
}

type Scope = (typeof MESH_TYPES)[number]['scope'];

const namespaceOf = (scope: Scope): string | undefined => (scope === 'Cluster' ? undefined : 'default');
