import type { ProxyPlace, TrioOptions, TrioPorts } from './trio.js';

/** Rows about connections: the caller's listener and a server of the gateway on the extra port. */
export interface L4Proof {
  readonly row: 'VirtualService tls-route' | 'VirtualService tcp-route' | 'Gateway server-tls';
  /** Of the listener; for each proof a trio of its own. */
  readonly config: TrioOptions['config'];
  /** Asked for by the client's TLS; undefined where it speaks in clear. */
  readonly sni?: string;
  readonly by: readonly ProxyPlace[];
  readonly witness: string;
}

const HOST = 'chosen.test';

/** What is asked for, and on a port of its own what the route leads to and nothing else does. */
const hosts = (protocol: string, { extra, bare }: TrioPorts): string =>
  service('asked.test', '127.90.9.1', extra, protocol, bare) +
  service(HOST, '127.90.9.2', bare, protocol, bare);

const service = (host: string, address: string, port: number, protocol: string, backend: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${host.replace('.', '-')}}
spec:
  hosts: [${host}]
  addresses: [${address}]
  ports: [{number: ${port}, name: p, protocol: ${protocol}}]
  location: MESH_EXTERNAL
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {p: ${backend}}}]
---`;

const gateway = (server: string): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: extra}
spec: {selector: {istio: gateway}, servers: [${server}]}
---`;

const routed = (routes: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: asked}
spec: {hosts: [asked.test], gateways: [mesh, extra], ${routes}}
---`;

const to = ({ bare }: TrioPorts): string =>
  `route: [{destination: {host: ${HOST}, port: {number: ${bare}}}}]`;
const REACHED = `^cluster\\.outbound.*${HOST.replace('.', '\\.')}.*\\.upstream_cx_total$`;

/** @param certificate files of a certificate for the gateway */
export const l4Proofs = (certificate: {
  readonly chain: string;
  readonly key: string;
}): readonly L4Proof[] => [
  {
    row: 'VirtualService tcp-route',
    config: (ports) =>
      hosts('TCP', ports) +
      gateway(`{port: {number: ${ports.extra}, name: tcp, protocol: TCP}, hosts: ["*"]}`) +
      routed(`tcp: [{match: [{port: ${ports.extra}}], ${to(ports)}}]`),
    by: ['caller', 'gateway'],
    witness: REACHED,
  },
  {
    row: 'VirtualService tls-route',
    config: (ports) =>
      hosts('TLS', ports) +
      gateway(
        `{port: {number: ${ports.extra}, name: tls, protocol: TLS}, hosts: [asked.test], tls: {mode: PASSTHROUGH}}`,
      ) +
      routed(`tls: [{match: [{port: ${ports.extra}, sniHosts: [asked.test]}], ${to(ports)}}]`),
    sni: 'asked.test',
    by: ['caller', 'gateway'],
    witness: REACHED,
  },
  {
    row: 'Gateway server-tls',
    config: (ports) =>
      hosts('HTTP', ports) +
      gateway(
        `{port: {number: ${ports.extra}, name: https, protocol: HTTPS}, hosts: [asked.test], ` +
          `tls: {mode: SIMPLE, serverCertificate: ${certificate.chain}, privateKey: ${certificate.key}}}`,
      ) +
      routed(`http: [{${to(ports)}}]`),
    sni: 'asked.test',
    by: ['gateway'],
    witness: '^listener\\..*\\.ssl\\.handshake$',
  },
];

export const L4_ROWS: readonly L4Proof['row'][] = [
  'VirtualService tls-route',
  'VirtualService tcp-route',
  'Gateway server-tls',
];
