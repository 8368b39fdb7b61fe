import { beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpCase } from './support/cases.js';
import { checkHttp } from './support/cases.js';
import type { SceneOptions, SidecarScene } from './support/scene.js';
import { service, sidecarScene, virtualService } from './support/scene.js';

const NAMES = ['one', 'two', 'external', 'hidden'];

const registryOnly = `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"
---`;

const inNamespace = (yaml: string, namespace: string): string =>
  yaml.replace(/metadata: \{name: ([^}]+)\}/g, `metadata: {name: $1, namespace: ${namespace}}`);

const mesh =
  (extra: string): SceneOptions['config'] =>
  (portOf, ports) => {
    const [first = 0, second = 0] = ports;
    const at = (name: string) => [{ name, port: portOf(name) }];
    const dns = service('named.example.com', [first], at('external'))
      .replace('resolution: STATIC', 'resolution: DNS')
      .replaceAll('127.0.0.1', 'localhost');
    return [
      registryOnly,
      service('one', [first], at('one')),
      service('two', [first, second], at('two')),
      service('external.example.com', [first], at('external')),
      service('any.wild.example.com', [first], at('one')),
      dns,
      inNamespace(service('hidden.other.svc.cluster.local', [first], at('hidden')), 'other').replace(
        'spec:\n',
        'spec:\n  exportTo: ["."]\n',
      ),
      inNamespace(service('shown.other.svc.cluster.local', [first], at('hidden')), 'other'),
      virtualService(
        '*.wild.example.com',
        '- rewrite: {authority: wild}\n  route: [{destination: {host: one}}]',
      ),
      virtualService(
        'two',
        '- match: [{uri: {prefix: /to-one}}]\n  route: [{destination: {host: one}}]\n- route: [{destination: {host: two}}]',
      ),
      extra,
    ].join('');
  };

const CASES: readonly HttpCase[] = [
  { name: 'by a short name', authority: 'one', by: 'one' },
  { name: 'by a short name with a port that is not its own', authority: 'one:1234', by: 'one' },
  { name: 'in the namespace', authority: 'one.default', by: 'one' },
  { name: 'by half of the name', authority: 'one.default.svc', by: 'one' },
  { name: 'by the full name', authority: 'one.default.svc.cluster.local', by: 'one' },
  { name: 'in whatever case', authority: 'ONE.default', by: 'one' },
  { name: 'of another namespace', authority: 'shown.other', by: 'hidden' },
  { name: 'of another namespace only with it', authority: 'shown', status: 502 },
  { name: 'not of one that keeps it to itself', authority: 'hidden.other', status: 502 },
  { name: 'outside of the mesh', authority: 'external.example.com', by: 'external' },
  { name: 'that DNS knows', authority: 'named.example.com', by: 'external' },
  { name: 'under a wildcard', authority: 'any.wild.example.com', by: 'one', saw: { host: 'wild' } },
  { name: 'that nobody knows, never', authority: 'unknown.example.com', status: 502 },
  { name: 'on its second port', authority: 'two', port: 1, by: 'two' },
  { name: 'not on a port that it lacks', authority: 'one', port: 1, status: 502 },
  { name: 'by way of another service', authority: 'two', path: '/to-one', by: 'one' },
];

describe('an application reaches a host', () => {
  let scene: SidecarScene;
  beforeAll(async () => {
    scene = await sidecarScene({ backends: NAMES, ports: 2, config: mesh('') });
  }, 60_000);

  it.each(CASES)('$name', async (one) => {
    if (one.authority === 'named.example.com') expect(await nameResolves()).toBe(true);
    await checkHttp(scene, one);
  });

  /** A name has to be resolved before its cluster has anybody to ask. */
  async function nameResolves(): Promise<boolean> {
    const clusters = await scene.proxy.envoy.get('/clusters');
    return clusters.includes('named.example.com::127.0.0.1:');
  }
});

const SIDECAR = `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: client}
spec:
  workloadSelector: {labels: {app: client}}
  egress:
  - hosts: ["./one.default.svc.cluster.local", "./two.default.svc.cluster.local", "other/*"]
---`;

const SCOPED: readonly HttpCase[] = [
  { name: 'a host by its name', authority: 'one', by: 'one' },
  { name: 'another', authority: 'two', by: 'two' },
  { name: 'all that a namespace shows', authority: 'shown.other', by: 'hidden' },
  { name: 'nothing that it hides', authority: 'hidden.other', status: 502 },
  { name: 'nothing else of its own namespace', authority: 'external.example.com', status: 502 },
];

describe('a Sidecar imports', () => {
  let scene: SidecarScene;
  beforeAll(async () => {
    scene = await sidecarScene({ backends: NAMES, ports: 2, config: mesh(SIDECAR) });
  }, 60_000);

  it.each(SCOPED)('$name', async (one) => {
    await checkHttp(scene, one);
  });
});
