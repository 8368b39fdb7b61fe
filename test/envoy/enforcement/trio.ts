import { afterAll } from '@jest/globals';
import type { Place } from '#config';
import { freePorts, until } from '#common/testing';
import { configChange } from '../../../apps/mixer/src/testing/config.js';
import type { TestMixer } from '../../../apps/mixer/src/testing/mixer.js';
import { startMixer } from '../../../apps/mixer/src/testing/mixer.js';
import { TestCa, TestIdentitySource } from '../../../libs/common/src/identity/test-ca.js';
import type { Backend } from '../support/backend.js';
import { httpBackend } from '../support/backend.js';
import type { HttpAnswer, HttpCall } from '../support/calls.js';
import { http } from '../support/calls.js';
import type { Proxy } from '../support/proxy.js';
import { startProxy } from '../support/proxy.js';

/** Own loopback addresses: each proxy has its listeners at one, on the ports that services have. */
export const ADDRESS = { caller: '127.91.0.1', callee: '127.91.0.2', gateway: '127.91.0.3' } as const;
export const CALLEE = ADDRESS.callee;

export type ProxyPlace = 'caller' | 'callee' | 'gateway';
const PLACES: readonly ProxyPlace[] = ['caller', 'callee', 'gateway'];

export interface TrioPorts {
  /** Of the services, of the callee's proxy and of the application behind it. */
  readonly app: number;
  /** Of an application without a proxy. */
  readonly bare: number;
  /** Of the gateway `edge`. */
  readonly edge: number;
  /** One more that is free, for a listener. */
  readonly extra: number;
}

export interface TrioOptions {
  readonly config: (ports: TrioPorts) => string;
  /** Further members of MeshConfig, in flow style. */
  readonly mesh?: string;
  /** Starts a Mixer on the config, and tells the proxies of it. */
  readonly withMixer?: boolean;
}

/** A caller, a callee and a gateway, each a real Envoy; the callee's application answers with what it saw. */
export interface Trio {
  readonly ports: TrioPorts;
  readonly app: Backend;
  /** By way of the caller's proxy, or the gateway, or straight to the callee's. */
  call(by: ProxyPlace, request: Omit<HttpCall, 'port' | 'address'>, port?: number): Promise<HttpAnswer>;
  /** Where a statistic whose name matches counts something since the last `reset`. */
  acted(stat: string): Promise<Place[]>;
  reset(): Promise<void>;
  /** Where a proxy's own output has a text. */
  logged(text: string): Place[];
  proxy(place: ProxyPlace): Proxy;
}

export async function startTrio(options: TrioOptions): Promise<Trio> {
  const [app, bare] = await Promise.all([httpBackend('app'), httpBackend('bare')]);
  const [edge = 0, extra = 0] = await freePorts(2);
  const ports = { app: app.port, bare: bare.port, edge, extra };
  const config = `${base(ports, options.mesh)}${options.config(ports)}`;
  const ca = await TestCa.create();
  const mixer = options.withMixer ? await mixerOf(ca, config) : undefined;
  const proxies = new Map<ProxyPlace, Proxy>();
  for (const place of PLACES) {
    const identity = await ca.issue(`spiffe://cluster.local/ns/default/sa/${place}`);
    const environment = mixer === undefined ? {} : { mixer };
    proxies.set(place, await startProxy({ ...proxyOptions(place), config, identity, environment }));
  }
  const proxy = (place: ProxyPlace): Proxy => proxies.get(place) as Proxy;
  return {
    ports,
    app,
    proxy,
    call: (by, request, port = by === 'gateway' ? edge : app.port) =>
      http({ ...request, address: ADDRESS[by], port }),
    acted: async (stat) => {
      const counts = await Promise.all(PLACES.map((place) => count(proxy(place), stat)));
      return PLACES.filter((_place, index) => (counts[index] ?? 0) > 0);
    },
    logged: (text) => PLACES.filter((place) => proxy(place).envoy.process.logs().includes(text)),
    reset: async () => {
      for (const { envoy } of proxies.values())
        await fetch(`${envoy.admin}/reset_counters`, { method: 'POST' });
    },
  };
}

function proxyOptions(place: ProxyPlace) {
  return {
    type: place === 'gateway' ? ('router' as const) : ('sidecar' as const),
    address: ADDRESS[place],
    name: place,
    metadata: {
      LABELS: place === 'gateway' ? { istio: 'gateway' } : { app: place },
      ...(place === 'callee' && { WORKLOAD_ENTRY: 'callee' }),
    },
    // The callee calls nobody: its own outbound listeners are out of the way.
    bind: place === 'callee' ? '127.91.0.4' : ADDRESS[place],
  };
}

/** A Mixer's address; it ends with the tests of the file. */
async function mixerOf(ca: TestCa, config: string): Promise<string> {
  const account = 'spiffe://cluster.local/ns/istio-system/sa/istio-mixer-service-account';
  const identity = new TestIdentitySource(await ca.issue(account));
  const mixer = await startMixer(configChange({ 'mesh.yaml': config }), identity);
  running.push(mixer);
  return mixer.address;
}

const running: TestMixer[] = [];
afterAll(async () => {
  await Promise.all(running.map((mixer) => mixer.close()));
});

async function count({ envoy }: Proxy, stat: string): Promise<number> {
  const found = await envoy.stats(stat);
  return [...found.values()].reduce((sum, value) => sum + value, 0);
}

/** Polls, because Envoy writes statistics a moment after the answer. */
export async function actedAt(trio: Trio, stat: string, expected: readonly Place[]): Promise<Place[]> {
  let acted: Place[] = [];
  const wanted = [...expected].sort().join();
  await until(async () => (acted = await trio.acted(stat)).sort().join() === wanted, {
    what: `${stat} at ${wanted}`,
  }).catch(() => undefined);
  return acted.sort();
}

function base({ edge, app }: TrioPorts, mesh = ''): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: '{inboundTrafficPolicy: {mode: LOCALHOST}${mesh && `, ${mesh}`}}'}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: callee}
spec:
  address: ${ADDRESS.callee}
  labels: {app: callee, version: v1, security.istio.io/tlsMode: istio}
  serviceAccount: callee
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: gateway}
  servers: [{port: {number: ${edge}, name: http, protocol: HTTP}, hosts: ["*"]}]
---${service('base.test', app)}`;
}

/** A host that the callee serves. */
export function service(host: string, port: number, rest = ''): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replaceAll('.', '-')}}
spec:
  hosts: [${host}]
  ports: [{number: ${port}, name: http}]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: {labels: {app: callee}}
${rest}---`;
}

/** Routes of a host, for callers and the gateway. */
export function routes(host: string, http: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${host.replaceAll('.', '-')}}
spec:
  hosts: [${host}]
  gateways: [mesh, edge]
  http: ${http}
---`;
}

export function rule(host: string, spec: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${host.replaceAll('.', '-')}}
spec: {host: ${host}, ${spec}}
---`;
}
