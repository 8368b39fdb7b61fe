import { beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpCase } from './support/cases.js';
import { checkHttp } from './support/cases.js';
import type { SidecarScene } from './support/scene.js';
import { service, sidecarScene } from './support/scene.js';

const gateway = (name: string, namespace: string, servers: string): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: {istio: gateway}
  servers: ${servers}
---`;
const bound = (name: string, hosts: string, gateways: string, http: string, rest = ''): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: default${rest}}
spec:
  hosts: ${hosts}
  gateways: ${gateways}
  http: ${http}
---`;

const to = (name: string): string => `{route: [{destination: {host: ${name}, port: {number: 80}}}]}`;
const on = (path: string, rest: string): string => `{match: [{uri: {prefix: ${path}}}], ${rest.slice(1)}`;

const mesh = (portOf: (name: string) => number, [web = 0, secure = 0]: readonly number[]): string =>
  [
    ...['one', 'two', 'three'].map((name) => service(name, [80], [{ name, port: portOf(name) }])),
    gateway(
      'web',
      'default',
      `[{port: {number: ${web}, name: http, protocol: HTTP}, hosts: ["*.example.com", "default/only.example.org"]}]`,
    ),
    gateway(
      'redirecting',
      'default',
      `[{port: {number: ${secure}, name: http, protocol: HTTP}, hosts: ["*"], tls: {httpsRedirect: true}}]`,
    ),
    bound(
      'one',
      '[one.example.com]',
      '[web]',
      `[${on('/two', to('two'))}, ${to('one')}]`,
      ', creationTimestamp: "2020-01-01T00:00:00Z"',
    ),
    bound(
      'more',
      '[one.example.com]',
      '[web]',
      `[${on('/three', to('three'))}]`,
      ', creationTimestamp: "2021-01-01T00:00:00Z"',
    ),
    bound('wild', '["*.example.com"]', '[default/web]', `[${to('two')}]`),
    bound('only', '[only.example.org]', '[web]', `[${to('three')}]`),
    bound('outside', '[outside.example.org]', '[web]', `[${to('one')}]`),
    bound('elsewhere', '[elsewhere.example.com]', '[other]', `[${to('one')}]`),
    bound('mesh', '[mesh.example.net]', '[mesh]', `[${to('one')}]`),
    bound('secure', '[one.example.com]', '[redirecting]', `[${to('one')}]`),
    bound(
      'rewritten',
      '[rewritten.example.com]',
      '[web]',
      `[{match: [{uri: {prefix: /v1/}}], rewrite: {uri: /, authority: inside}, ${to('one').slice(1)}]`,
    ),
    bound(
      'ports',
      '[ports.example.com]',
      '[web]',
      `[{match: [{port: ${web}, uri: {prefix: /here}}, {port: 1, uri: {prefix: /there}}], ${to('one').slice(1)}]`,
    ),
    bound(
      'headers',
      '[headers.example.com]',
      '[web]',
      `[{headers: {response: {set: {x-gateway: "yes"}}}, ${to('one').slice(1)}]`,
    ),
  ].join('');

const CASES: readonly HttpCase[] = [
  { name: 'a host', authority: 'one.example.com', by: 'one' },
  { name: 'a path of it', authority: 'one.example.com', path: '/two', by: 'two' },
  {
    name: 'what a second VirtualService says of it',
    authority: 'one.example.com',
    path: '/three',
    by: 'three',
  },
  { name: 'a host with a port', authority: 'one.example.com:8080', by: 'one' },
  { name: 'a host under a wildcard', authority: 'any.example.com', by: 'two' },
  { name: 'a host several levels under a wildcard', authority: 'a.b.example.com', by: 'two' },
  { name: 'a host that the server admits to one namespace', authority: 'only.example.org', by: 'three' },
  { name: 'no host that the server does not have', authority: 'outside.example.org', status: 404 },
  { name: 'no host of another gateway by its own route', authority: 'elsewhere.example.com', by: 'two' },
  { name: 'no host of the mesh', authority: 'mesh.example.net', status: 404 },
  {
    name: 'a rewritten path and authority',
    authority: 'rewritten.example.com',
    path: '/v1/a?b',
    by: 'one',
    saw: { path: '/a?b', host: 'inside' },
  },
  { name: 'no other path of that host', authority: 'rewritten.example.com', path: '/v2', status: 404 },
  { name: 'a match of its port', authority: 'ports.example.com', path: '/here', by: 'one' },
  { name: 'no match of another port', authority: 'ports.example.com', path: '/there', status: 404 },
  {
    name: 'headers of the answer',
    authority: 'headers.example.com',
    by: 'one',
    answer: { 'x-gateway': 'yes' },
  },
  {
    name: 'a redirect to https',
    authority: 'one.example.com',
    port: 1,
    path: '/a?b',
    status: 301,
    answer: { location: 'https://one.example.com/a?b' },
  },
];

describe('a gateway serves', () => {
  let scene: SidecarScene;
  beforeAll(async () => {
    scene = await sidecarScene({
      backends: ['one', 'two', 'three'],
      ports: 2,
      config: mesh,
      proxy: { type: 'router', name: 'gateway', metadata: { LABELS: { istio: 'gateway' } } },
    });
  }, 60_000);

  it.each(CASES)('$name', async (one) => {
    await checkHttp(scene, one);
  });

  it('nothing on ports that no server has', () => {
    const destination = { address: '127.0.0.1', port: 9 };
    expect(scene.proxy.simulate({ destination }).kind).toBe('refused');
  });
});
