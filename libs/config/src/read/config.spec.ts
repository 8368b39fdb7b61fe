import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';

const reviews = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts: [reviews]
  http:
    - route:
        - destination:
            host: reviews
`;

function read(...texts: string[]) {
  return readConfig(texts.map((text, index) => ({ path: `${index}.yaml`, text })));
}

describe('readConfig', () => {
  it('gives a resource its storage form: camel case, durations in seconds, nothing filled in', () => {
    const { resources } = read(
      reviews.replace(
        '    - route:',
        '    - timeout: 1m30s\n      cors_policy: {allow_credentials: true, max_age: 24h}\n      route:',
      ),
    );
    const [held] = resources.values();
    expect(held?.resource).toMatchObject({
      key: 'networking.istio.io/VirtualService/default/reviews',
      namespace: 'default',
      labels: {},
      spec: { http: [{ timeout: '90s', corsPolicy: { allowCredentials: true, maxAge: '86400s' } }] },
    });
    expect(held?.origin).toEqual({ file: '0.yaml', line: 1 });
  });

  it.each(['v1', 'v1beta1', 'v1alpha3'])('reads %s into the same key and content', (version) => {
    const { resources } = read(reviews.replace('/v1', `/${version}`));
    expect([...resources.keys()]).toEqual(['networking.istio.io/VirtualService/default/reviews']);
  });

  it('shows the line of the field, in the second document of a file too', () => {
    const { diagnostics, resources } = read(
      `# both\n---\n${reviews}---\n${reviews.replace('name: reviews', 'name: two').replace('host: reviews', 'hots: reviews')}`,
    );
    expect(resources.size).toBe(1);
    expect(diagnostics[0]).toMatchObject({
      code: 'IST0106',
      path: 'spec.http[0].route[0].destination.hots',
      origin: { file: '0.yaml', line: 23 },
      resource: 'networking.istio.io/VirtualService/default/two',
    });
  });

  it('lets the first of two equal keys stay, by path', () => {
    const { diagnostics, resources } = readConfig([
      { path: 'b.yaml', text: reviews },
      { path: 'a.yaml', text: `\n${reviews}` },
    ]);
    expect(resources.get('networking.istio.io/VirtualService/default/reviews')?.origin.file).toBe('a.yaml');
    expect(diagnostics.filter(({ code }) => code === 'QT0003')).toMatchObject([
      { origin: { file: 'b.yaml', line: 1 } },
    ]);
  });

  it.each([
    ['Info', 'QT0004', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n'],
    [
      'Warning',
      'QT0005',
      'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x}\n',
    ],
    ['Error', 'QT0002', 'apiVersion: networking.istio.io/v1\nkind: VirtualServce\nmetadata: {name: x}\n'],
    ['Error', 'QT0002', 'just: some yaml\n'],
    ['Error', 'QT0002', reviews.replace('name: reviews', 'name: Re/views')],
    ['Error', 'QT0001', 'a: [1\n'],
    ['Error', 'QT0001', 'a: 1\na: 2\n'],
    ['Error', 'IST0106', reviews.replace('/v1', '/v9')],
    ['Error', 'IST0106', `${reviews}extra: 1\n`],
  ])('answers with %s %s', (level, code, text) => {
    const { diagnostics, resources } = read(text);
    expect(resources.size).toBe(0);
    expect(diagnostics[0]).toMatchObject({ level, code });
  });

  it('reads MeshConfig out of its ConfigMap, and shows lines of the inner text', () => {
    const map = (mesh: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n${mesh}`;
    const good = read(map('    connectTimeout: 100ms\n    enable_auto_mtls: true\n'));
    expect(good.resources.get('mesh.istio.io/MeshConfig/istio-system/istio')?.resource.spec).toEqual({
      connectTimeout: '0.1s',
      enableAutoMtls: true,
    });
    const bad = read(map('    connectTimeout: 1s\n    proxyHttpPort: many\n'));
    expect(bad.diagnostics).toMatchObject([{ path: 'data.mesh.proxyHttpPort', origin: { line: 7 } }]);
  });

  it('reads JSON, and Lists', () => {
    const { resources, diagnostics } = read(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: ['a', 'b'].map((name) => ({
          apiVersion: 'security.istio.io/v1',
          kind: 'PeerAuthentication',
          metadata: { name },
          spec: { mtls: { mode: 'STRICT' } },
        })),
      }),
    );
    expect(diagnostics).toEqual([]);
    expect(resources.size).toBe(2);
  });

  it('warns of what is named and is not there, at its line', () => {
    const { diagnostics } = read(
      reviews
        .replace('hosts: [reviews]', 'hosts: [reviews]\n  gateways: [front]')
        .replace('host: reviews', 'host: reviews\n            subset: v1'),
      `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: reviews}
spec: {hosts: [reviews.default.svc.cluster.local], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
`,
    );
    expect(diagnostics.map(({ code, path, origin }) => [code, path, origin.line])).toEqual([
      ['IST0101', 'spec.gateways[0]', 7],
      ['IST0101', 'spec.http[0].route[0].destination.subset', 12],
    ]);
  });

  it('refuses what Istio would honour for security and Quartet cannot', () => {
    const { diagnostics, resources } = read(`apiVersion: config.istio.io/v1alpha2
kind: handler
metadata: {name: x}
spec: {adapter: guard, connection: {address: "guard:80"}}
`);
    expect(resources.size).toBe(0);
    expect(diagnostics[0]).toMatchObject({
      code: 'QT0010',
      level: 'Error',
      path: 'spec.adapter',
    });
  });
});
