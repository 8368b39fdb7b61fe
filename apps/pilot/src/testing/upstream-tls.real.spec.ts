import { createServer as createPlain } from 'node:http';
import type { Server, Socket } from 'node:net';
import { createServer as createTcp } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { TLSSocket, createSecureContext } from 'node:tls';
import type { TLSSocketOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TlsIdentity } from '#common/identity';
import { tempDir } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import type { ClientSidecar } from './client-sidecar.js';
import { mesh, startClient } from './client-sidecar.js';
import type { Answer } from './upstream.js';

/** How a real Envoy connects to servers that take TLS, as DestinationRules say. */
interface Seen {
  readonly sni?: string | false | null;
  /** Names of the client's certificate. */
  readonly client?: string | undefined;
  /** What the PROXY protocol says, as text; empty without it. */
  readonly announced: string;
  readonly host: string;
}

const closing: (() => void)[] = [];
const SNI = 'outbound_.80_._.mesh.default.svc.cluster.local';
let client: ClientSidecar;

beforeAll(async () => {
  const folder = tempDir('q-tls-');
  const [web, own] = [await TestCa.create('CN=web'), await TestCa.create('CN=mesh')];
  const named = (name: string): Promise<TlsIdentity> => web.issue([{ type: 'dns', value: name }]);
  const [good, revoked, browser] = [
    await named('good.example.com'),
    await named('revoked.example.com'),
    await named('browser.example.com'),
  ];
  const files = {
    ca: web.roots,
    crl: await web.revoke(revoked),
    cert: browser.certChain,
    key: browser.privateKey,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const ca = `caCertificates: ${folder}/ca`;
  const at = async (identity: TlsIdentity | undefined, proxied = false, more = ''): Promise<string[]> => {
    const port = await startServer(identity, proxied);
    return [`{address: 127.0.0.1, ports: {http: ${port}}${more}}`];
  };
  const inMesh = await own.issue('spiffe://cluster.local/ns/default/sa/server');
  const account = ', serviceAccount: server';
  const tls = (settings: string, more = ''): string => `trafficPolicy: {tls: {${settings}}${more}}`;
  const proxy = (version: string): string => `, proxyProtocol: {version: ${version}}`;
  client = await startClient(
    mesh(
      { host: 'plain.example.com', endpoints: await at(undefined), rule: tls('mode: DISABLE') },
      { host: 'good.example.com', endpoints: await at(good), rule: tls(`mode: SIMPLE, ${ca}`) },
      { host: 'wrong.example.com', endpoints: await at(good), rule: tls(`mode: SIMPLE, ${ca}`) },
      { host: 'stranger.example.com', endpoints: await at(inMesh), rule: tls('mode: SIMPLE') },
      {
        host: 'stated.example.com',
        endpoints: await at(good),
        rule: tls(`mode: SIMPLE, ${ca}, sni: sni.example.com, subjectAltNames: [good.example.com]`),
      },
      {
        host: 'proved.example.com',
        endpoints: await at(good),
        more: 'subjectAltNames: [good.example.com]',
        rule: tls(`mode: SIMPLE, ${ca}`),
      },
      {
        host: 'unverified.example.com',
        endpoints: await at(inMesh),
        rule: tls('mode: SIMPLE, insecureSkipVerify: true'),
      },
      {
        host: 'mutual.example.com',
        endpoints: await at(good),
        rule: tls(
          `mode: MUTUAL, ${ca}, clientCertificate: ${folder}/cert, privateKey: ${folder}/key, subjectAltNames: [good.example.com]`,
        ),
      },
      {
        host: 'revoked.example.com',
        endpoints: await at(revoked),
        rule: tls(`mode: SIMPLE, ${ca}, caCrl: ${folder}/crl`),
      },
      {
        host: 'spared.example.com',
        endpoints: await at(good),
        rule: tls(`mode: SIMPLE, ${ca}, caCrl: ${folder}/crl, subjectAltNames: [good.example.com]`),
      },
      {
        host: 'unrevoked.example.com',
        endpoints: await at(revoked),
        rule: tls(`mode: SIMPLE, ${ca}, subjectAltNames: [revoked.example.com]`),
      },
      {
        host: 'mesh.default.svc.cluster.local',
        endpoints: await at(inMesh, false, account),
        more: 'location: MESH_INTERNAL',
        rule: tls('mode: ISTIO_MUTUAL'),
      },
      {
        host: 'impostor.default.svc.cluster.local',
        endpoints: await at(inMesh, false, ', serviceAccount: another'),
        more: 'location: MESH_INTERNAL',
        rule: tls('mode: ISTIO_MUTUAL'),
      },
      {
        host: 'automatic.default.svc.cluster.local',
        endpoints: await at(inMesh, true, account),
        more: 'location: MESH_INTERNAL',
        rule: `trafficPolicy: {${proxy('V1').slice(2)}}`,
      },
      {
        host: 'outside.default.svc.cluster.local',
        endpoints: await at(undefined, true),
        more: 'location: MESH_INTERNAL',
        rule: `trafficPolicy: {${proxy('V1').slice(2)}}`,
      },
      {
        host: 'announced.example.com',
        endpoints: await at(good, true),
        rule: tls(`mode: SIMPLE, ${ca}, subjectAltNames: [good.example.com]`, proxy('V2')),
      },
    ),
    { identity: await own.issue('spiffe://cluster.local/ns/default/sa/client') },
  );
}, 60_000);

afterAll(() => closing.forEach((close) => close()));

/** A server that answers with what it saw of the connection. */
async function startServer(identity: TlsIdentity | undefined, proxied: boolean): Promise<number> {
  const seen = new WeakMap<Socket, Omit<Seen, 'host'>>();
  const http = createPlain((request, response) => {
    response.end(JSON.stringify({ ...seen.get(request.socket), host: request.headers.host }));
  });
  const serve = (socket: Socket, announced: string): void => {
    if (!identity) return take(socket, { announced });
    const secured = new TLSSocket(socket, serverOptions(identity));
    secured.on('error', () => undefined);
    secured.once('secure', () => {
      const { subjectaltname } = secured.getPeerCertificate();
      take(secured, { announced, sni: sniOf(secured), client: subjectaltname });
    });
  };
  const take = (socket: Socket, what: Omit<Seen, 'host'>): void => {
    seen.set(socket, what);
    http.emit('connection', socket);
  };
  const server = createTcp((socket) => {
    socket.on('error', () => undefined);
    if (proxied) void afterAnnouncement(socket).then((text) => serve(socket, text));
    else serve(socket, '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => stop(server),
    () => http.closeAllConnections(),
  );
  return (server.address() as AddressInfo).port;
}

function stop(server: Server): void {
  server.close();
  server.unref();
}

function serverOptions({ certChain, privateKey, roots }: TlsIdentity): TLSSocketOptions {
  return {
    isServer: true,
    secureContext: createSecureContext({ cert: certChain, key: privateKey, ca: roots }),
    requestCert: true,
    rejectUnauthorized: false,
  };
}

function sniOf(socket: TLSSocket): string {
  const { servername } = socket as TLSSocket & { servername?: string | false };
  return servername || '';
}

/** Takes what the PROXY protocol says off a connection: a line of version 1, or the block of version 2. */
function afterAnnouncement(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('readable', () => {
      const bytes = socket.read() as Buffer;
      const isV1 = bytes.subarray(0, 5).toString() === 'PROXY';
      const length = isV1 ? bytes.indexOf('\r\n') + 2 : 16 + bytes.readUInt16BE(14);
      const head = bytes.subarray(0, length);
      if (bytes.length > length) socket.unshift(bytes.subarray(length));
      resolve(
        isV1 ? head.toString().trim() : `v${(head[12] ?? 0) >> 4} ${[...head.subarray(16, 20)].join('.')}`,
      );
    });
  });
}

const get = (host: string): Promise<Answer> => client.get(`http://${host}/`);

async function seenAt(host: string): Promise<Seen> {
  const { status, body } = await get(host);
  if (status !== 200) throw new Error(`${host} answers ${status} ${body}`);
  return JSON.parse(body) as Seen;
}

describe('TLS of a rule', () => {
  it('DISABLE speaks plain text', async () => {
    expect(await seenAt('plain.example.com')).toEqual({ announced: '', host: 'plain.example.com' });
  });

  it('SIMPLE asks for the name that the request has, and verifies it', async () => {
    expect(await seenAt('good.example.com')).toMatchObject({ sni: 'good.example.com' });
    expect((await get('wrong.example.com')).status).toBe(503);
  });

  it('SIMPLE takes the names that the rule states, else those of the service', async () => {
    expect(await seenAt('stated.example.com')).toMatchObject({ sni: 'sni.example.com' });
    expect(await seenAt('proved.example.com')).toMatchObject({ sni: 'proved.example.com' });
  });

  it('SIMPLE trusts the roots that it is told, and no others unless it need not verify', async () => {
    expect((await get('stranger.example.com')).status).toBe(503);
    expect(await seenAt('unverified.example.com')).toMatchObject({ sni: 'unverified.example.com' });
  });

  it('MUTUAL shows the certificate of the rule', async () => {
    expect(await seenAt('mutual.example.com')).toMatchObject({ client: 'DNS:browser.example.com' });
  });

  it('takes no certificate that is revoked', async () => {
    expect((await get('revoked.example.com')).status).toBe(503);
    expect(await seenAt('spared.example.com')).toMatchObject({ sni: 'spared.example.com' });
    expect(await seenAt('unrevoked.example.com')).toMatchObject({ sni: 'unrevoked.example.com' });
  });

  it("ISTIO_MUTUAL shows the workload's identity, and takes only those of the service", async () => {
    expect(await seenAt('mesh.default.svc.cluster.local')).toMatchObject({
      sni: SNI,
      client: 'URI:spiffe://cluster.local/ns/default/sa/client',
    });
    expect((await get('impostor.default.svc.cluster.local')).status).toBe(503);
  });
});

describe('the PROXY protocol', () => {
  it('comes before whatever TLS there is', async () => {
    const announced = expect.stringMatching(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+$/) as unknown;
    expect(await seenAt('outside.default.svc.cluster.local')).toEqual({
      announced,
      host: 'outside.default.svc.cluster.local',
    });
    expect(await seenAt('automatic.default.svc.cluster.local')).toMatchObject({
      announced,
      client: 'URI:spiffe://cluster.local/ns/default/sa/client',
    });
    expect(await seenAt('announced.example.com')).toMatchObject({
      announced: 'v2 127.0.0.1',
      sni: 'announced.example.com',
    });
  });
});
