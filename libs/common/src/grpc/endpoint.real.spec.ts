import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { TestCa, TestIdentitySource } from '../identity/test-ca.js';
import type { TlsIdentity } from '../identity/types.js';
import {
  GrpcClient,
  GrpcEndpoint,
  grpcService,
  peerIdentity,
  rawBidi,
  rawUnary,
  serviceDefinition,
  statusError,
  Status,
  unaryCall,
  type GrpcEndpointOptions,
} from './index.js';

const SERVER = 'spiffe://cluster.local/ns/istio-system/sa/server';
const CLIENT = 'spiffe://cluster.local/ns/default/sa/client';
const Echo = serviceDefinition('test.Echo', { Call: rawUnary(), Stream: rawBidi() });

let ca: TestCa;
let stranger: TestCa;
let server: TlsIdentity;
let client: TlsIdentity;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  [ca, stranger] = await Promise.all([TestCa.create(), TestCa.create('CN=another root')]);
  [server, client] = await Promise.all([ca.issue(SERVER), ca.issue(CLIENT)]);
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const echo = grpcService(Echo, {
  Call: (request, call) => {
    const text = request.toString();
    if (text === 'throw') throw new Error('secret detail');
    if (text === 'reject') return Promise.reject(statusError(Status.NOT_FOUND, 'no such thing'));
    if (text === 'who') return Buffer.from(peerIdentity(call)?.serviceAccount ?? 'nobody');
    return request;
  },
  Stream: (call) => {
    call.on('data', (message: Buffer) => {
      if (message.toString() === 'throw') throw new Error('in a listener');
      call.write(message);
    });
    call.on('end', () => call.end());
  },
});

async function start(options: Partial<GrpcEndpointOptions> = {}): Promise<GrpcEndpoint> {
  const endpoint = new GrpcEndpoint({
    bind: '127.0.0.1:0',
    services: [echo],
    shutdownGraceMs: 500,
    ...options,
  });
  await endpoint.listen();
  cleanups.push(() => endpoint.close());
  return endpoint;
}

function startTls(
  identity: TestIdentitySource,
  clientCertificates: 'none' | 'optional' | 'required' = 'optional',
) {
  return start({ tls: { identity, clientCertificates } });
}

function open(endpoint: GrpcEndpoint, options: ConstructorParameters<typeof GrpcClient>[1]): GrpcClient {
  const grpc = new GrpcClient(endpoint.address, options);
  cleanups.push(() => grpc.close());
  return grpc;
}

const call = (grpc: GrpcClient, text: string): Promise<string> =>
  grpc.unary(Echo.Call, Buffer.from(text), { deadlineMs: 30_000 }).then(String);

describe('a handler that throws', () => {
  it('answers with a status and keeps the rest going', async () => {
    const unexpected: string[] = [];
    const endpoint = await start({ onUnexpectedError: (path) => unexpected.push(path) });
    const grpc = open(endpoint, { plaintext: true });
    await expect(call(grpc, 'throw')).rejects.toMatchObject({
      code: Status.INTERNAL,
      details: 'internal error',
    });
    await expect(call(grpc, 'reject')).rejects.toMatchObject({
      code: Status.NOT_FOUND,
      details: 'no such thing',
    });
    await expect(call(grpc, 'fine')).resolves.toBe('fine');
    expect(unexpected).toEqual(['/test.Echo/Call']);
  });

  it('ends its stream alone when a listener throws', async () => {
    const endpoint = await start();
    const grpc = open(endpoint, { plaintext: true });
    const good = grpc.bidi(Echo.Stream).on('error', () => undefined);
    const bad = grpc.bidi(Echo.Stream);
    good.write(Buffer.from('1'));
    bad.write(Buffer.from('throw'));
    const failure = await new Promise<Error>((resolve) =>
      bad.on('error', resolve).on('data', () => undefined),
    );
    expect(failure).toMatchObject({ code: Status.INTERNAL });
    await expect(
      new Promise((resolve) => good.once('data', (m: Buffer) => resolve(String(m)))),
    ).resolves.toBe('1');
    good.end();
  });
});

describe('limits', () => {
  it('refuses a message over the limit and serves the next', async () => {
    const endpoint = await start({ limits: { maxMessageBytes: 1_000 } });
    const grpc = open(endpoint, { plaintext: true });
    await expect(call(grpc, 'x'.repeat(2_000))).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
    await expect(call(grpc, 'x')).resolves.toBe('x');
  });

  it('closes connections over the limit at once', async () => {
    const endpoint = await start({ limits: { maxConnections: 2 } });
    const sockets = [dial(endpoint), dial(endpoint), dial(endpoint)];
    await new Promise((resolve) => sockets[2]!.once('close', resolve));
    expect(sockets[0]!.destroyed).toBe(false);
  });

  it('survives bytes that are neither TLS nor HTTP/2', async () => {
    const endpoint = await startTls(new TestIdentitySource(server));
    const plain = await start();
    for (const target of [endpoint, plain]) {
      const socket = dial(target);
      socket.write('GET / HTTP/1.1\r\n\r\n' + '\0'.repeat(10_000));
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await expect(call(open(endpoint, { roots: ca.roots, expectedUri: SERVER }), 'x')).resolves.toBe('x');
    await expect(call(open(plain, { plaintext: true }), 'x')).resolves.toBe('x');
  });

  function dial(endpoint: GrpcEndpoint): Socket {
    const [host, port] = endpoint.address.split(':');
    const socket = connectTcp(Number(port), host);
    socket.on('error', () => undefined).resume();
    cleanups.push(() => socket.destroy());
    return socket;
  }
});

describe('identities', () => {
  it('knows a client by its verified certificate only', async () => {
    const endpoint = await startTls(new TestIdentitySource(server));
    const forged = await stranger.issue(CLIENT);
    const two = await ca.issue([
      { type: 'url', value: CLIENT },
      { type: 'url', value: SERVER },
    ]);
    const expired = await ca.issue(CLIENT, -60_000);
    const who = (identity?: TlsIdentity) =>
      call(
        open(endpoint, {
          roots: ca.roots,
          expectedUri: SERVER,
          ...(identity && { identity: new TestIdentitySource(identity) }),
        }),
        'who',
      );
    await expect(who(client)).resolves.toBe('client');
    for (const identity of [undefined, forged, two, expired])
      await expect(who(identity)).resolves.toBe('nobody');
  });

  it('knows nobody by a certificate of a root that only has the right name', async () => {
    const endpoint = await startTls(new TestIdentitySource(server));
    const forged = new TestIdentitySource(await (await TestCa.create()).issue(CLIENT));
    const grpc = open(endpoint, { roots: ca.roots, expectedUri: SERVER, identity: forged });
    // Node cuts such a connection: what OpenSSL says about the signature it takes for an error of the stream.
    await expect(call(grpc, 'who')).rejects.toMatchObject({ code: Status.UNAVAILABLE });
  });

  it('refuses the handshake without a certificate where one is required', async () => {
    const endpoint = await startTls(new TestIdentitySource(server), 'required');
    const grpc = open(endpoint, { roots: ca.roots, expectedUri: SERVER });
    await expect(call(grpc, 'x')).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    const proven = open(endpoint, { identity: new TestIdentitySource(client), expectedUri: SERVER });
    await expect(call(proven, 'who')).resolves.toBe('client');
  });

  it('lets a client refuse a server that is somebody else or of other roots', async () => {
    const endpoint = await startTls(new TestIdentitySource(server), 'none');
    const calls = [
      { roots: ca.roots, expectedUri: CLIENT },
      { roots: stranger.roots, expectedUri: SERVER },
      { roots: ca.roots },
    ];
    for (const options of calls) {
      const attempt = unaryCall(endpoint.address, Echo.Call, Buffer.from('x'), {
        ...options,
        deadlineMs: 30_000,
      });
      await expect(attempt).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    }
  });

  it('speaks TLS 1.2 and later only', async () => {
    const endpoint = await startTls(new TestIdentitySource(server), 'none');
    const port = Number(endpoint.address.split(':')[1]);
    const attempt = new Promise((resolve, reject) => {
      const options = {
        port,
        ca: ca.roots,
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
        ciphers: 'ALL@SECLEVEL=0',
      } as const;
      connectTls(options, () => resolve(undefined)).once('error', reject);
    });
    await expect(attempt).rejects.toThrow();
  });
});

describe('rotation', () => {
  it('swaps certificate and roots under load without losing a call or a stream', async () => {
    const identity = new TestIdentitySource(server);
    const endpoint = await startTls(identity);
    const grpc = open(endpoint, { roots: ca.roots, expectedUri: SERVER });
    const stream = grpc.bidi(Echo.Stream);
    let echoed = 0;
    let streamError: Error | undefined;
    stream.on('data', () => (echoed += 1)).on('error', (error) => (streamError = error));
    let running = true;
    let calls = 0;
    const load = Array.from({ length: 4 }, async () => {
      for (; running; calls += 1) {
        await call(grpc, 'load');
        stream.write(Buffer.from('load'));
        // Fresh connections too, that meet whatever certificate is in force.
        if (calls % 10 === 0) {
          await unaryCall(endpoint.address, Echo.Call, Buffer.from('new'), {
            roots: ca.roots,
            expectedUri: SERVER,
          });
        }
      }
    });
    const serials = new Set<string>();
    for (let round = 0; round < 8; round += 1) {
      identity.swap(await ca.issue(SERVER));
      serials.add(await servedSerial(endpoint));
    }
    running = false;
    await Promise.all(load);
    expect(serials.size).toBe(8);
    expect(calls).toBeGreaterThan(20);
    expect(streamError).toBeUndefined();
    await new Promise((resolve) => stream.once('end', resolve).end());
    expect(echoed).toBe(calls);
  });

  it('trusts clients of a new root, and no longer those of a withdrawn one', async () => {
    const identity = new TestIdentitySource(server);
    const endpoint = await startTls(identity);
    const newcomer = await stranger.issue(CLIENT);
    const who = (source: TlsIdentity) =>
      call(
        open(endpoint, { roots: ca.roots, expectedUri: SERVER, identity: new TestIdentitySource(source) }),
        'who',
      );
    await expect(who(newcomer)).resolves.toBe('nobody');
    identity.swap({ ...server, roots: ca.roots + stranger.roots });
    await expect(who(newcomer)).resolves.toBe('client');
    await expect(who(client)).resolves.toBe('client');
    identity.swap({ ...server, roots: stranger.roots });
    await expect(who(client)).resolves.toBe('nobody');
  });

  it('has a client use its newest certificate for the next connection', async () => {
    const endpoint = await startTls(new TestIdentitySource(server));
    const identity = new TestIdentitySource(client);
    const first = open(endpoint, { identity, expectedUri: SERVER });
    await expect(call(first, 'who')).resolves.toBe('client');
    identity.swap(await ca.issue('spiffe://cluster.local/ns/default/sa/renamed'));
    await expect(call(first, 'who')).resolves.toBe('client');
    await expect(call(open(endpoint, { identity, expectedUri: SERVER }), 'who')).resolves.toBe('renamed');
  });

  it('serves from the moment that the first identity arrives', async () => {
    const identity = new TestIdentitySource();
    const endpoint = await startTls(identity);
    const grpc = open(endpoint, { roots: ca.roots, expectedUri: SERVER, maxReconnectBackoffMs: 100 });
    await expect(call(grpc, 'x')).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    identity.swap(server);
    await expect(call(open(endpoint, { roots: ca.roots, expectedUri: SERVER }), 'x')).resolves.toBe('x');
  });

  function servedSerial(endpoint: GrpcEndpoint): Promise<string> {
    return new Promise((resolve, reject) => {
      const port = Number(endpoint.address.split(':')[1]);
      const options = { port, ca: ca.roots, ALPNProtocols: ['h2'], checkServerIdentity: () => undefined };
      const socket: TLSSocket = connectTls(options, () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
      socket.once('error', reject);
    });
  }
});

describe('close', () => {
  it('ends open streams with UNAVAILABLE and frees the port', async () => {
    const endpoint = await start();
    const grpc = open(endpoint, { plaintext: true });
    const stream = grpc.bidi(Echo.Stream);
    stream.write(Buffer.from('x'));
    await new Promise((resolve) => stream.once('data', resolve));
    const ended = new Promise((resolve) => stream.on('error', resolve).on('data', () => undefined));
    await endpoint.close();
    expect(await ended).toMatchObject({ code: Status.UNAVAILABLE, details: 'the server is shutting down' });
    const again = await start({ bind: endpoint.address });
    expect(again.address).toBe(endpoint.address);
  });

  it('does not wait for a handler that never answers', async () => {
    let receive = () => {};
    const received = new Promise<void>((resolve) => (receive = resolve));
    const Call = () => {
      receive();
      return new Promise<Buffer>(() => undefined);
    };
    const stuck = grpcService(Echo, { Call, Stream: () => undefined });
    const endpoint = await start({ services: [stuck], shutdownGraceMs: 100 });
    const pending = call(open(endpoint, { plaintext: true }), 'x').catch((error: unknown) => error);
    await received;
    const started = Date.now();
    await endpoint.close();
    // Far below the deadline of the call, which is what else would end it.
    expect(Date.now() - started).toBeLessThan(15_000);
    expect(await pending).toMatchObject({ code: Status.UNAVAILABLE });
  });
});
