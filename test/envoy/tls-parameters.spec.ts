import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TlsIdentity } from '#common/identity';
import { freePorts, tempDir } from '#common/testing';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import { http } from './support/calls.js';
import type { Proxy } from './support/proxy.js';
import { startProxy } from './support/proxy.js';

const AES128 = 'ECDHE-ECDSA-AES128-GCM-SHA256';
const AES256 = 'ECDHE-ECDSA-AES256-GCM-SHA384';

/** What both sides came to; undefined where they came to nothing. */
interface Handshake {
  readonly version: string | null;
  readonly cipher: string;
  readonly curve: string | undefined;
}

/** Versions and algorithms that real Envoys take and offer, by what a gateway's server and the mesh say. */
const mesh = (settings: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: '${settings}'}
---`;

describe('a server of a gateway', () => {
  let port = 0;

  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    const folder = tempDir('q-tls-');
    const identity = await (await TestCa.create()).issue([{ type: 'dns', value: 'a.example.com' }]);
    writeFileSync(join(folder, 'cert'), identity.certChain);
    writeFileSync(join(folder, 'key'), identity.privateKey);
    const server = (name: string, tls: string): string => `
  - port: {number: ${port}, name: https-${name}, protocol: HTTPS}
    hosts: [${name}.example.com]
    tls: {mode: SIMPLE, serverCertificate: ${folder}/cert, privateKey: ${folder}/key${tls}}`;
    const config = `${mesh(`{tlsDefaults: {minProtocolVersion: TLSV1_3, ecdhCurves: [P-384]}}`)}
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web}
spec:
  selector: {istio: gateway}
  servers:${[
    server('newest', ', minProtocolVersion: TLSV1_3'),
    server('middle', `, minProtocolVersion: TLSV1_2, maxProtocolVersion: TLSV1_2, cipherSuites: [${AES256}]`),
    // Of the suites that Envoy has by itself none is that old.
    server(
      'oldest',
      ', minProtocolVersion: TLSV1_0, maxProtocolVersion: TLSV1_1, cipherSuites: [ECDHE-ECDSA-AES128-SHA]',
    ),
    server('curve', ', minProtocolVersion: TLSV1_2, ecdhCurves: [P-256]'),
    server('mesh', ''),
  ].join('')}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: ["*"]
  gateways: [web]
  http: [{directResponse: {status: 200}}]
`;
    const metadata = { LABELS: { istio: 'gateway' } };
    await startProxy({ config, type: 'router', address: '127.0.0.1', name: 'gateway', metadata, identity });
  }, 60_000);

  const shake = (name: string, options: ConnectionOptions): Promise<Handshake | undefined> =>
    new Promise((resolve) => {
      const socket: TLSSocket = connect(
        { host: '127.0.0.1', port, servername: `${name}.example.com`, rejectUnauthorized: false, ...options },
        () => {
          const key = socket.getEphemeralKeyInfo() as { name?: string } | null;
          resolve({ version: socket.getProtocol(), cipher: socket.getCipher().name, curve: key?.name });
          socket.destroy();
        },
      );
      socket.on('error', () => resolve(undefined));
    });
  const only = (version: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): ConnectionOptions => {
    // What is that old OpenSSL takes only at its lowest level.
    const old = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    return version === 'TLSv1.3' ? { minVersion: version } : old;
  };
  const curve = (name: string): ConnectionOptions => ({ ...only('TLSv1.3'), ecdhCurve: name });

  it.each<[string, ConnectionOptions, Partial<Handshake> | undefined]>([
    ['newest', only('TLSv1.3'), { version: 'TLSv1.3' }],
    ['newest', only('TLSv1.2'), undefined],
    ['middle', only('TLSv1.2'), { version: 'TLSv1.2', cipher: AES256 }],
    ['middle', { ...only('TLSv1.2'), ciphers: `${AES128}:${AES256}` }, { cipher: AES256 }],
    ['middle', { ...only('TLSv1.2'), ciphers: AES128 }, undefined],
    ['middle', only('TLSv1.3'), undefined],
    ['middle', only('TLSv1.1'), undefined],
    ['oldest', only('TLSv1'), { version: 'TLSv1' }],
    ['oldest', only('TLSv1.1'), { version: 'TLSv1.1' }],
    ['oldest', only('TLSv1.2'), undefined],
    ['curve', curve('P-256'), { curve: 'prime256v1' }],
    ['curve', curve('P-384'), undefined],
    // It says nothing itself: what the mesh says counts.
    ['mesh', curve('P-384'), { version: 'TLSv1.3', curve: 'secp384r1' }],
    ['mesh', curve('P-256'), undefined],
    ['mesh', only('TLSv1.2'), undefined],
  ])('%s, to a client of %j', async (name, options, expected) => {
    const found = await shake(name, options);
    if (expected) expect(found).toMatchObject(expected);
    else expect(found).toBeUndefined();
  });
});

describe('a client in the mesh', () => {
  const closing: (() => void)[] = [];
  afterAll(() => closing.forEach((close) => close()));
  let ports: number[];
  let proxy: Proxy;

  /** Answers with the cipher suite that it was asked by. */
  async function server({ certChain, privateKey }: TlsIdentity, options: TlsOptions): Promise<number> {
    const own = { cert: certChain, key: privateKey, ALPNProtocols: ['istio', 'http/1.1'] };
    const made = createServer({ ...own, ...options }, (request, response) => {
      response.end((request.socket as TLSSocket).getCipher().name);
    });
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    closing.push(() => (made.closeAllConnections(), made.close()));
    return (made.address() as AddressInfo).port;
  }

  beforeAll(async () => {
    const ca = await TestCa.create();
    const identity = await ca.issue('spiffe://cluster.local/ns/default/sa/server');
    const middle = { maxVersion: 'TLSv1.2' } as const;
    const servers = {
      'new-mesh': await server(identity, { minVersion: 'TLSv1.3' }),
      'old-mesh': await server(identity, middle),
      both: await server(identity, { ...middle, ciphers: `${AES256}:${AES128}`, honorCipherOrder: true }),
      other: await server(identity, { ...middle, ciphers: AES256 }),
      'other-curve': await server(identity, { ...middle, ecdhCurve: 'P-521' }),
    };
    ports = await freePorts(1);
    const services = Object.entries(servers).map(([name, port]) => {
      const tls = name.endsWith('-mesh') ? 'ISTIO_MUTUAL' : 'SIMPLE, insecureSkipVerify: true';
      return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ${name}}
spec:
  hosts: [${name}.example.com]
  ports: [{number: ${ports[0]}, name: http}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http: ${port}}, serviceAccount: server}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}}
spec: {host: ${name}.example.com, trafficPolicy: {tls: {mode: ${tls}}}}
---`;
    });
    const settings = `{meshMTLS: {minProtocolVersion: TLSV1_3}, tlsDefaults: {cipherSuites: [${AES128}], ecdhCurves: [P-256]}}`;
    proxy = await startProxy({
      config: mesh(settings) + services.join(''),
      address: '127.93.0.1',
      bind: '127.93.0.1',
      name: 'client',
      identity: await ca.issue('spiffe://cluster.local/ns/default/sa/client'),
    });
  }, 60_000);

  const call = async (name: string): Promise<string> => {
    const [port = 0] = ports;
    const { status, body } = await http({ address: '127.93.0.1', port, authority: `${name}.example.com` });
    return status === 200 ? body : String(status);
  };

  it('speaks as new a TLS to the mesh as this wants, and no older', async () => {
    expect(await call('new-mesh')).toMatch(/^TLS_/);
    expect(await call('old-mesh')).toBe('503');
  });

  it('offers others the suites and curves that the mesh wants, and no others', async () => {
    expect(await call('both')).toBe(AES128);
    expect(await call('other')).toBe('503');
    expect(await call('other-curve')).toBe('503');
    const errors = await proxy.envoy.stats('ssl.connection_error');
    expect([...errors.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });
});
