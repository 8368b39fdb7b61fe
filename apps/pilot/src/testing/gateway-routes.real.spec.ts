import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freePort } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import { startSidecar } from './running-sidecar.js';
import type { Answer, Upstream } from './upstream.js';
import { startUpstream, viaProxy } from './upstream.js';

/** VirtualServices that share a host, and the gateways they are bound to, at a real Envoy. */
function config(port: number, app: number): string {
  const gateway = (name: string, hosts: string): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  selector: {istio: gateway}
  servers: [{port: {number: ${port}, name: http, protocol: HTTP}, bind: 127.0.0.1, hosts: ${hosts}}]
---`;
  const service = (name: string, created: number, spec: string, namespace = 'default'): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: ${namespace}, creationTimestamp: "20${created}-01-01T00:00:00Z"}
spec: ${spec}
---`;
  const answer = (status: number): string => `directResponse: {status: ${status}}`;
  return `${gateway('front', '["*"]')}${gateway('side', '["*.example.com"]')}
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: app}
spec: {hosts: [app.example.net], ports: [{number: 80, name: http}], resolution: STATIC, endpoints: [{address: 127.0.0.1, ports: {http: ${app}}}]}
---${[
    service('all', 20, `{hosts: [a.example.com], gateways: [front], http: [{${answer(230)}}]}`),
    service(
      'some',
      21,
      `{hosts: [a.example.com], gateways: [side], http: [
        {match: [{uri: {prefix: /side}, gateways: [side]}], ${answer(231)}},
        {match: [{uri: {prefix: /front}, gateways: [front]}], ${answer(500)}},
        {match: [{uri: {prefix: /label}, sourceLabels: {istio: gateway}}], route: [{destination: {host: app.example.net}}]},
        {match: [{uri: {prefix: /port}, port: ${port}}, {uri: {prefix: /other}, port: 1}], redirect: {uri: /to, derivePort: FROM_REQUEST_PORT}}]}`,
    ),
    service(
      'late',
      22,
      `{hosts: [a.example.com], gateways: [front], http: [{match: [{uri: {prefix: /side}}], ${answer(500)}}, {${answer(500)}}]}`,
    ),
    service(
      'hidden',
      19,
      `{hosts: [a.example.com], gateways: [default/front], exportTo: ["."], http: [{${answer(500)}}]}`,
      'other',
    ),
    service('wild', 20, `{hosts: ["*.example.com"], gateways: [front], http: [{${answer(232)}}]}`),
    service('rest', 20, `{hosts: ["*"], gateways: [front], http: [{${answer(233)}}]}`),
  ].join('')}`;
}

let app: Upstream;
let port = 0;

beforeAll(async () => {
  app = await startUpstream('app');
  port = await freePort();
  await startSidecar({
    config: config(port, app.port),
    nodeId: 'router~127.0.0.1~gateway.default~default.svc.cluster.local',
    metadata: { LABELS: { istio: 'gateway' } },
    identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/gateway'),
  });
}, 60_000);

afterAll(() => app.close());

const get = (host: string, path: string): Promise<Answer> => viaProxy(port, `http://${host}${path}`);

it.each([
  ['the route to everything comes last, and that of the oldest counts', 'a.example.com', '/', 230],
  ['older routes go before younger', 'a.example.com', '/side', 231],
  [
    'a match for a gateway that its VirtualService is not bound to never applies',
    'a.example.com',
    '/front',
    230,
  ],
  ['labels are those of the gateway itself', 'a.example.com', '/label', 200],
  ['a port is that of the server', 'a.example.com', '/other', 230],
  ['a wildcard takes what has no host of its own', 'b.example.com', '/', 232],
  ['and the widest what is left', 'anything.example.org', '/', 233],
])('%s', async (_what, host, path, status) => expect((await get(host, path)).status).toBe(status));

it('redirects to the port that was asked', async () => {
  const { headers } = await get(`a.example.com:${port}`, '/port');
  expect(headers.location).toBe(`http://a.example.com:${port}/to`);
});
