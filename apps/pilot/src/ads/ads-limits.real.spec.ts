import type { ClientDuplexStream } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GrpcClient, rawBidi, serviceDefinition, Status, type GrpcClientOptions } from '#common/grpc';
import { TestCa, TestIdentitySource } from '../../../../libs/common/src/identity/test-ca.js';
import { envoy } from '#common/proto/envoy';
import { until } from '#common/testing';
import { TYPE } from '../model/contract.js';
import { AdsRig } from './testing/ads-rig.js';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
const ads = serviceDefinition('envoy.service.discovery.v3.AggregatedDiscoveryService', {
  DeltaAggregatedResources: rawBidi(),
});
type Request = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;

const text = (stringValue: string) => ({ stringValue });
const node = (
  metadata: Record<string, string> = {},
  id = 'sidecar~127.0.0.1~a.default~default.svc.cluster.local',
) => ({
  id,
  cluster: 'a.default',
  metadata: {
    fields: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, text(value)])),
  },
});

/** A client that does what no Envoy does. */
class Client {
  readonly responses: envoy.service.discovery.v3.DeltaDiscoveryResponse[] = [];
  code: number | undefined;
  /** Of the trailers. */
  retryAfterMs = NaN;
  readonly stream: ClientDuplexStream<Buffer, Buffer>;
  private readonly client: GrpcClient;

  constructor(address: string, options: GrpcClientOptions = { plaintext: true }) {
    this.client = new GrpcClient(address, { maxMessageBytes: 64 << 20, ...options });
    this.stream = this.client.bidi(ads.DeltaAggregatedResources);
    this.stream.on('data', (bytes: Buffer) => this.responses.push(DeltaDiscoveryResponse.decode(bytes)));
    this.stream.on('error', () => undefined);
    this.stream.on('status', ({ code, metadata }) => {
      this.code = code;
      this.retryAfterMs = Number(metadata.get('grpc-retry-pushback-ms')[0]);
    });
    clients.push(this);
  }

  send(request: Request): void {
    this.stream.write(DeltaDiscoveryRequest.encode(request).finish() as Buffer);
  }

  ends(): Promise<number> {
    return until(() => this.code, { what: 'the stream to end' });
  }

  close(): void {
    this.client.close();
  }
}

const clients: Client[] = [];
let rig: AdsRig;
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await rig.close();
});

async function start(...options: ConstructorParameters<typeof AdsRig>): Promise<void> {
  rig = new AdsRig(...options);
  await rig.listen();
}

const clusters = (count: number, bytes: number, mark = '') =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [
      `${TYPE.cluster}#c${n}`,
      { text: `${mark}${'x'.repeat(bytes)}`, namespace: '*' },
    ]),
  );

describe('a stranger', () => {
  it.each([
    ['bytes that are no request', (client: Client) => client.stream.write(Buffer.from('\xff\xff\xff'))],
    ['no node', (client: Client) => client.send({ typeUrl: TYPE.cluster })],
    [
      'a node without a meaning',
      (client: Client) => client.send({ typeUrl: TYPE.cluster, node: node({}, 'me') }),
    ],
  ])('who sends %s is told so', async (_what, act) => {
    await start();
    rig.edit({});
    const client = new Client(rig.address);
    act(client);
    expect(await client.ends()).toBe(Status.INVALID_ARGUMENT);
    expect(rig.engine.connections.size).toBe(0);
  });

  it('who subscribes to everything there could be is cut off', async () => {
    await start();
    rig.edit({});
    const client = new Client(rig.address);
    client.send({ typeUrl: TYPE.cluster, node: node() });
    for (let n = 0; n < 20; n++) client.send({ typeUrl: `type-${n}` });
    expect(await client.ends()).toBe(Status.RESOURCE_EXHAUSTED);
    await until(() => rig.engine.connections.size === 0);
  });

  it('who is one too many is refused, and the others are served', async () => {
    await start('127.0.0.1:0', { maxStreams: 1 });
    rig.edit(clusters(1, 10));
    const [first, second] = [new Client(rig.address), new Client(rig.address)];
    first.send({ typeUrl: TYPE.cluster, node: node() });
    await until(() => first.responses.length === 1);
    second.send({ typeUrl: TYPE.cluster, node: node() });
    expect(await second.ends()).toBe(Status.RESOURCE_EXHAUSTED);
    // Not all of those who are refused are to come back at the same moment.
    expect(second.retryAfterMs).toBeGreaterThanOrEqual(2_500);
    expect(second.retryAfterMs).toBeLessThanOrEqual(7_500);
    expect(first.code).toBeUndefined();
  });

  it('a herd leaves no garbage behind, and those who come one by one cause no pause', async () => {
    let collections = 0;
    await start('127.0.0.1:0', { maxNewcomers: 100, collectGarbage: () => collections++ });
    rig.edit(clusters(1, 10));
    const come = async (count: number): Promise<void> => {
      const herd = Array.from({ length: count }, () => new Client(rig.address));
      for (const client of herd) client.send({ typeUrl: TYPE.cluster, node: node() });
      await until(() => herd.every(({ responses }) => responses.length === 1));
    };
    await come(50);
    await until(() => collections === 1, { what: 'the herd to be over' });
    await come(3);
    const later = Date.now() + 5_000;
    await until(() => Date.now() > later);
    expect(collections).toBe(1);
  });

  it('who asks for a type that nobody has is told that there is none', async () => {
    await start();
    rig.edit({});
    const client = new Client(rig.address);
    client.send({ typeUrl: 'type.googleapis.com/some.Type', node: node(), resourceNamesSubscribe: ['a'] });
    await until(() => client.responses.length === 1);
    expect(client.responses[0]!.removedResources).toEqual(['a']);
  });
});

describe('a reader that does not read', () => {
  it('costs one response, delays nobody, and is cut off', async () => {
    let ahead = 0;
    await start('127.0.0.1:0', { stallTimeoutMs: 30_000, now: () => Date.now() + ahead });
    rig.edit(clusters(10, 1 << 20));
    const [slow, quick] = [new Client(rig.address), new Client(rig.address)];
    slow.stream.pause();
    slow.send({ typeUrl: TYPE.cluster, node: node() });
    quick.send({ typeUrl: TYPE.cluster, node: node() });
    for (let round = 1; round <= 5; round++) {
      await until(() => quick.responses.length === round, { what: `response ${round}` });
      quick.send({ typeUrl: TYPE.cluster, responseNonce: quick.responses.at(-1)!.nonce });
      if (round < 5) rig.edit(clusters(10, 1 << 20, `round ${round}`));
    }
    expect((await rig.sent())['cds']).toBe(6);
    await until(() => [...rig.engine.connections].filter(({ idle }) => idle).length === 1, {
      what: 'the last answer of the quick one',
    });
    expect(rig.engine.connections.size).toBe(2);
    ahead = 30_000;
    await until(() => rig.engine.connections.size === 1, { what: 'the slow one to be cut off' });
    expect(quick.code).toBeUndefined();
  });
});

describe('a stream that has reached its age', () => {
  it('is ended when nothing is on its way, so that its proxy connects anew', async () => {
    await start('127.0.0.1:0', { maxAgeMs: 300 });
    rig.edit(clusters(1, 10));
    const client = new Client(rig.address);
    client.send({ typeUrl: TYPE.cluster, node: node() });
    await until(() => client.responses.length === 1);
    client.send({ typeUrl: TYPE.cluster, responseNonce: client.responses[0]!.nonce });
    expect(await client.ends()).toBe(Status.UNAVAILABLE);
  });
});

describe('over TLS', () => {
  const claims = { NAMESPACE: 'shop', SERVICE_ACCOUNT: 'reviews' };
  const nodeId = 'sidecar~127.0.0.1~reviews.shop~shop.svc.cluster.local';

  it.each([
    ['its own namespace and service account', 'ns/shop/sa/reviews', undefined],
    ['another namespace', 'ns/bank/sa/reviews', Status.PERMISSION_DENIED],
    ['another service account', 'ns/shop/sa/ratings', Status.PERMISSION_DENIED],
  ])('a proxy that proves %s gets what it may', async (_what, path, refusal) => {
    const ca = await TestCa.create();
    const server = new TestIdentitySource(await ca.issue('spiffe://cluster.local/ns/istio-system/sa/pilot'));
    const identity = new TestIdentitySource(await ca.issue(`spiffe://cluster.local/${path}`));
    await start('127.0.0.1:0', {}, { identity: server, clientCertificates: 'required' });
    rig.edit(clusters(1, 10));
    const expectedUri = 'spiffe://cluster.local/ns/istio-system/sa/pilot';
    const client = new Client(rig.address, { identity, expectedUri });
    client.send({ typeUrl: TYPE.cluster, node: node(claims, nodeId) });
    if (refusal === undefined) await until(() => client.responses.length === 1);
    else expect(await client.ends()).toBe(refusal);
  });
});
