import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { TYPE } from '#app/pilot';
import { GrpcClient, rawBidi, serviceDefinition } from '#common/grpc';
import type { TlsIdentity } from '#common/identity';
import { envoy } from '#common/proto/envoy';
import { freePorts, startControlPlane, tempDir, until, type RunningControlPlane } from '#common/testing';
import { TestCa } from '../../libs/common/src/identity/test-ca.js';
import { startAgent } from '../support/agent.js';
import { askTls, handshake } from '../support/tls-client.js';

const HOST = 'shop.example.com';
const PORTS = ['simple', 'mutual', 'optional', 'late', 'foreign', 'mounted'] as const;
type Port = (typeof PORTS)[number];

const secrets = tempDir('q-secrets-');
const folder = tempDir('q-cfg-');
let ca: TestCa;
let plane: RunningControlPlane;
let ports: Readonly<Record<Port, number>>;

const server = (port: Port, mode: string, credential: string): string =>
  `{port: {number: ${ports[port]}, name: https-${port}, protocol: HTTPS}, hosts: ["*"],` +
  ` tls: {mode: ${mode}, credentialName: ${credential}}}`;

const config = (): string => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: edge}
spec:
  selector: {istio: gateway}
  servers:
  - ${server('simple', 'SIMPLE', 'web')}
  - ${server('mutual', 'MUTUAL', 'web')}
  - ${server('optional', 'OPTIONAL_MUTUAL', 'web')}
  - ${server('late', 'SIMPLE', 'late')}
  - ${server('foreign', 'SIMPLE', '"kubernetes://other/private"')}
  - ${server('mounted', 'SIMPLE', 'mounted')}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: edge}
spec:
  hosts: ["*"]
  gateways: [web]
  http: [{directResponse: {status: 200, body: {string: hello}}}]
`;

function put(id: string, entries: Readonly<Record<string, string>>): void {
  const folder = join(secrets, id);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(entries)) writeFileSync(join(folder, file), text);
}

const pair = ({ certChain, privateKey }: TlsIdentity) => ({ 'tls.crt': certChain, 'tls.key': privateKey });
const issue = (name = HOST): Promise<TlsIdentity> => ca.issue([{ type: 'dns', value: name }]);
const ask = (port: Port, client: Partial<TlsIdentity> = {}): Promise<string> =>
  askTls(ports[port], HOST, { ca: ca.roots, cert: client.certChain, key: client.privateKey });

/** Serial number of the certificate that a port shows; empty without one. */
async function shown(port: Port): Promise<string> {
  const socket = await handshake(ports[port], { servername: HOST, rejectUnauthorized: false });
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** What Galley says of the secrets that config names. */
async function missing(): Promise<string[]> {
  const answer = await fetch(`http://${plane.galley.http}/debug/diagnostics`);
  const all = (await answer.json()) as { code: string; path: string; message: string }[];
  const found = all.filter(({ code }) => code === 'IST0101');
  return found.map(({ path, message }) => `${path}: ${message}`).sort();
}

/** A server that wants a certificate, and says whose it was. */
async function startOutside(): Promise<number> {
  const { certChain, privateKey } = await issue('outside.example.com');
  const options = {
    cert: certChain,
    key: privateKey,
    ca: ca.roots,
    requestCert: true,
    rejectUnauthorized: true,
  };
  const outside = createTlsServer(options, (request, response) => {
    response.end((request.socket as TLSSocket).getPeerCertificate().subjectaltname);
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  outside.unref();
  return (outside.address() as AddressInfo).port;
}

const outsideConfig = (port: number): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside, namespace: edge}
spec:
  hosts: [outside.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 127.0.0.1, ports: {http: ${port}}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: outside, namespace: edge}
spec:
  host: outside.example.com
  trafficPolicy: {tls: {mode: MUTUAL, credentialName: outside, sni: outside.example.com}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: outside, namespace: edge}
spec:
  hosts: [outside.example.com]
  gateways: [web]
  http: [{route: [{destination: {host: outside.example.com}}]}]
`;

/** The secrets that a client without a certificate gets, who claims to be the gateway. */
async function secretsInClear(names: string[]): Promise<string[]> {
  const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
  const ads = serviceDefinition('envoy.service.discovery.v3.AggregatedDiscoveryService', {
    DeltaAggregatedResources: rawBidi(),
  });
  const client = new GrpcClient(plane.pilot.xds, { plaintext: true });
  const stream = client.bidi(ads.DeltaAggregatedResources, { deadlineMs: 20_000 });
  const node = { id: 'router~127.0.0.1~gw.edge~edge.svc.cluster.local', cluster: 'gw' };
  const request = { node, typeUrl: TYPE.secret, resourceNamesSubscribe: names };
  stream.write(DeltaDiscoveryRequest.encode(request).finish() as Buffer);
  const { value } = await (stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>).next();
  stream.cancel();
  client.close();
  const { resources, removedResources } = DeltaDiscoveryResponse.decode(value);
  expect(removedResources).toEqual(names);
  return resources.map(({ name }) => name ?? '');
}

/** As kubelet changes a mounted Secret: another folder, and one link to it. */
function mount(id: string, version: string, entries: Readonly<Record<string, string>>): void {
  put(`${id}/..${version}`, entries);
  const folder = join(secrets, id);
  symlinkSync(`..${version}`, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}

describe('gateways with secrets from a folder', () => {
  beforeAll(async () => {
    ca = await TestCa.create('CN=shop');
    put('edge/web', { ...pair(await issue()), 'ca.crt': ca.roots });
    put('other/private', pair(await issue()));
    mount('edge/mounted', 'v1', pair(await issue()));
    for (const file of ['tls.crt', 'tls.key'])
      symlinkSync(`..data/${file}`, join(secrets, 'edge/mounted', file));
    const numbers = await freePorts(PORTS.length);
    ports = Object.fromEntries(PORTS.map((port, i) => [port, numbers[i]])) as Record<Port, number>;
    writeFileSync(join(folder, 'mesh.yaml'), config());
    plane = await startControlPlane({ config: folder, args: ['--secrets', secrets] });
    // That two of its secrets are not there does not keep it from starting.
    await startAgent(plane, {
      ...{
        namespace: 'edge',
        serviceAccount: 'gateway',
        name: 'gw',
        type: 'router',
        labels: 'istio=gateway',
      },
    });
    await until(async () => (await ask('simple')) === '200 hello', { what: 'the gateway to serve' });
  }, 120_000);

  it('serves with the certificate, and asks clients for theirs as the mode says', async () => {
    const client = await ca.issue('spiffe://shop/client');
    const stranger = await (await TestCa.create('CN=elsewhere')).issue('spiffe://shop/client');
    expect(await ask('mutual', client)).toBe('200 hello');
    expect(await ask('mutual')).not.toContain('200');
    expect(await ask('mutual', stranger)).not.toContain('200');
    expect(await ask('optional', client)).toBe('200 hello');
    expect(await ask('optional')).toBe('200 hello');
    expect(await ask('optional', stranger)).not.toContain('200');
  });

  it('rotates without an end to the connections that are open', async () => {
    const open = await handshake(ports.simple, { ca: ca.roots, servername: HOST });
    const [before, next] = [await shown('simple'), pair(await issue())];
    const failed: string[] = [];
    let loading = true;
    const load = (async () => {
      while (loading) {
        const answer = await ask('simple');
        if (answer !== '200 hello') failed.push(answer);
      }
    })();
    put('edge/web', next);
    await until(async () => (await shown('simple')) !== before, { what: 'the new certificate' });
    loading = false;
    await load;
    open.write(`GET / HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`);
    const answer = await new Promise<Buffer>((resolve) => open.once('data', resolve));
    open.destroy();
    expect(failed).toEqual([]);
    expect(answer.toString()).toContain('200 OK');
  });

  it('follows a mounted Secret', async () => {
    const before = await shown('mounted');
    mount('edge/mounted', 'v2', pair(await issue()));
    await until(async () => (await shown('mounted')) !== before, { what: 'the new certificate' });
  });

  it('keeps the last good content of a Secret that is broken, and says what is wrong', async () => {
    const before = await shown('simple');
    put('edge/web', { 'tls.key': (await issue()).privateKey });
    const words = 'not the key of the certificate in tls.crt; its last good content stays in use';
    await until(() => plane.process.logs().includes(words), { what: 'the diagnostic' });
    expect(plane.process.logs()).toContain('QT2003');
    expect(await shown('simple')).toBe(before);
    put('edge/web', pair(await issue()));
    await until(async () => (await shown('simple')) !== before, { what: 'the repaired certificate' });
  });

  it('takes a Secret up that comes late, and keeps serving what was there when it is gone', async () => {
    expect(await ask('late')).not.toContain('200');
    const foreign =
      'spec.servers[4].tls.credentialName: a proxy asks for secret "kubernetes://other/private" in vain: ' +
      'the proxy proved an identity of namespace edge';
    const late =
      'spec.servers[3].tls.credentialName: a proxy asks for secret "late" in vain: ' +
      'there is no usable Secret edge/late';
    await until(async () => (await missing()).join() === [late, foreign].join(), { what: 'the diagnostics' });
    put('edge/late', pair(await issue()));
    await until(async () => (await ask('late')) === '200 hello', { what: 'the late secret' });
    await until(async () => (await missing()).join() === foreign, { what: 'a diagnostic less' });
    rmSync(join(secrets, 'edge/late'), { recursive: true });
    const before = await shown('simple');
    put('edge/web', pair(await issue()));
    await until(async () => (await shown('simple')) !== before, { what: 'a later change' });
    expect(await ask('late')).toBe('200 hello');
  });

  it('takes no client certificate that is revoked', async () => {
    const [revoked, client] = [await ca.issue('spiffe://shop/gone'), await ca.issue('spiffe://shop/client')];
    expect(await ask('mutual', revoked)).toBe('200 hello');
    put('edge/web', { 'ca.crl': await ca.revoke(revoked) });
    await until(async () => !(await ask('mutual', revoked)).includes('200'), { what: 'the list to count' });
    expect(await ask('mutual', client)).toBe('200 hello');
  });

  it('shows the certificate of a DestinationRule to a server outside, which is verified', async () => {
    const outside = await startOutside();
    put('edge/outside', {
      ...pair(await ca.issue([{ type: 'dns', value: 'gateway.example.com' }])),
      'ca.crt': ca.roots,
    });
    writeFileSync(join(folder, 'outside.yaml'), outsideConfig(outside));
    await until(async () => (await ask('simple')) === '200 hello', { what: 'the gateway to serve' });
    const through = (): Promise<string> =>
      askTls(ports.simple, 'outside.example.com', { ca: ca.roots, checkServerIdentity: () => undefined });
    await until(async () => (await through()) === '200 DNS:gateway.example.com', {
      what: 'the way to the server',
    });
  });

  it('gives nothing to whom says in clear that it is the gateway', async () => {
    expect(
      await secretsInClear(['kubernetes://web', 'kubernetes://edge/web', 'kubernetes://web-cacert']),
    ).toEqual([]);
  });

  it('gives a proxy nothing of another namespace, and says so', async () => {
    expect(await ask('foreign')).not.toContain('200');
    const page = (await (await fetch(`http://${plane.pilot.http}/debug/credentialz`)).json()) as {
      asked: { name: string; proxy: string; answer: string }[];
    };
    const answers = Object.fromEntries(page.asked.map(({ name, answer }) => [name, answer]));
    expect(answers).toMatchObject({
      'kubernetes://web': 'given',
      'kubernetes://web-cacert': 'given',
      'kubernetes://other/private': 'refused: the proxy proved an identity of namespace edge',
    });
    const log = plane.process.logs();
    expect(log).toMatch(/kubernetes:\/\/other\/private.*a secret that a proxy asks for and does not get/);
  });
});
