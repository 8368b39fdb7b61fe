import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bidi, GrpcClient, serviceDefinition, Status } from '#common/grpc';
import type { TlsIdentity } from '#common/identity';
import { envoy } from '#common/proto/sds';
import { tempDir, until } from '#common/testing';
import { createLog } from '../log.js';
import { SecretServer } from './server.js';

const { DiscoveryRequest, DiscoveryResponse, DeltaDiscoveryRequest, DeltaDiscoveryResponse } =
  envoy.service.discovery.v3;
const SERVICE = 'envoy.service.secret.v3.SecretDiscoveryService';
const sds = serviceDefinition(SERVICE, {
  StreamSecrets: bidi(DiscoveryRequest, DiscoveryResponse),
  DeltaSecrets: bidi(DeltaDiscoveryRequest, DeltaDiscoveryResponse),
  FetchSecrets: bidi(DiscoveryRequest, DiscoveryResponse),
});

const IDENTITY: TlsIdentity = { certChain: 'c', privateKey: 'k', roots: 'r', notBefore: 0, notAfter: 1 };
const identity = { current: () => IDENTITY, subscribe: () => () => undefined };
const silent = createLog('error', {}, () => undefined);

let socket: string;
let server: SecretServer;
let client: GrpcClient;

beforeEach(async () => {
  socket = join(tempDir(), 'sds.sock');
  server = new SecretServer(identity, silent);
  await server.listen(socket);
  client = new GrpcClient(`unix:${socket}`, { plaintext: true });
});
afterEach(() => {
  client.close();
  server.close();
});

/** grpc-js is the client here: what the agent speaks must be gRPC to others too. */
describe('SecretServer', () => {
  it('serves both variants to a client of another make', async () => {
    const stream = client.bidi(sds.StreamSecrets);
    stream.on('error', () => undefined).write({ resourceNames: ['default'] });
    const delta = client.bidi(sds.DeltaSecrets);
    delta.on('error', () => undefined).write({ resourceNamesSubscribe: ['ROOTCA'] });
    const names: string[] = [];
    stream.on('data', ({ resources }: { resources: unknown[] }) => names.push(`stream ${resources.length}`));
    delta.on('data', ({ resources }: { resources: { name: string }[] }) => names.push(resources[0]!.name));
    await until(() => names.length === 2, { what: 'both answers' });
    expect(names.sort()).toEqual(['ROOTCA', 'stream 1']);
    stream.cancel();
    delta.cancel();
  });

  it('lets nobody but its user in', () => {
    expect(statSync(socket).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['another method', sds.FetchSecrets, { resourceNames: ['default'] }, Status.UNIMPLEMENTED],
    ['a huge message', sds.StreamSecrets, { versionInfo: 'x'.repeat(1 << 19) }, Status.RESOURCE_EXHAUSTED],
    ['another type', sds.StreamSecrets, { typeUrl: 'a/b' }, Status.INVALID_ARGUMENT],
  ])('answers %s with a status, and goes on serving', async (_what, method, request, code) => {
    const bad = client.bidi(method);
    const failed = new Promise<unknown>((resolve) => bad.once('error', resolve));
    bad.resume().write(request);
    expect(await failed).toMatchObject({ code });
    await answersAgain();
  });

  it('survives what is no HTTP/2', async () => {
    const stranger = connect(socket);
    stranger.on('error', () => undefined).write('GET / HTTP/1.1\r\n\r\n'.repeat(100));
    await new Promise((resolve) => stranger.once('close', resolve).resume());
    await answersAgain();
  });

  it('closes connections above its limit, and keeps the others', async () => {
    const strangers = Array.from({ length: 20 }, () =>
      connect(socket)
        .on('error', () => undefined)
        .resume(),
    );
    await until(() => strangers.filter(({ closed }) => closed).length >= 12, {
      what: 'the surplus to be closed',
    });
    for (const stranger of strangers) stranger.destroy();
    await until(answersAgain, { what: 'an answer' });
  });
});

async function answersAgain(): Promise<boolean> {
  const good = client.bidi(sds.StreamSecrets);
  const answered = new Promise<boolean>((resolve, reject) => {
    good.once('data', () => resolve(true)).once('error', reject);
  });
  good.write({ resourceNames: ['default'] });
  await answered;
  good
    .removeAllListeners('error')
    .on('error', () => undefined)
    .cancel();
  return true;
}
