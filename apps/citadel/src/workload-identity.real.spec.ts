import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { citadelAuthority } from '#common/ca-client';
import {
  GrpcClient,
  GrpcEndpoint,
  grpcService,
  peerIdentity,
  rawBidi,
  rawUnary,
  serviceDefinition,
  unaryCall,
} from '#common/grpc';
import { parseAddress } from '#common/flags';
import { WorkloadIdentity, type WorkloadIdentityOptions } from '#common/identity';
import { freeAddress, tempDir, until } from '#common/testing';
import type { CitadelConfig } from './citadel.config.js';
import { TestCitadel } from './serve/test-citadel.js';

const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';
const RATINGS = 'spiffe://cluster.local/ns/default/sa/ratings';
const Echo = serviceDefinition('test.Echo', { Who: rawUnary(), Stream: rawBidi() });

const cleanups: (() => unknown)[] = [];
let address: string;
let dir: string;
let logged: string[];

beforeEach(async () => {
  address = await freeAddress();
  dir = tempDir();
  logged = [];
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startCitadel(state: string, settings: Partial<CitadelConfig> = {}): Promise<TestCitadel> {
  const citadel = await TestCitadel.start(join(dir, state), { grpc: parseAddress(address), ...settings });
  writeFileSync(join(dir, 'root.pem'), citadel.roots);
  let stopped = false;
  const stop = citadel.stop.bind(citadel);
  citadel.stop = async () => {
    if (!stopped) await stop();
    stopped = true;
  };
  cleanups.push(() => citadel.stop());
  return citadel;
}

async function writeToken(citadel: TestCitadel, serviceAccount: string): Promise<string> {
  const token = await citadel.createToken({ serviceAccount });
  writeFileSync(join(dir, serviceAccount), `${token}\n`);
  return token;
}

function workload(spiffeId: string, options: Partial<WorkloadIdentityOptions> = {}): WorkloadIdentity {
  const serviceAccount = spiffeId.split('/').at(-1)!;
  const log = (fields: object, message: string) => void logged.push(JSON.stringify([fields, message]));
  const identity = new WorkloadIdentity({
    authority: citadelAuthority(address, 'cluster.local'),
    spiffeId,
    rootFile: join(dir, 'root.pem'),
    tokenFile: join(dir, serviceAccount),
    log: { info: log, warn: log },
    ...options,
  });
  cleanups.push(() => identity.stop());
  return identity;
}

const serialOf = (identity: WorkloadIdentity) =>
  new X509Certificate(identity.current()!.certChain).serialNumber;

describe('WorkloadIdentity', () => {
  it('waits for a Citadel that comes later, and tells nobody its secrets', async () => {
    const identity = workload(REVIEWS);
    const started = identity.start();
    await until(() => logged.length > 0, { what: 'a first failure' });
    const citadel = await startCitadel('state');
    const token = await writeToken(citadel, 'reviews');
    await started;
    expect(new X509Certificate(identity.current()!.certChain).subjectAltName).toBe(`URI:${REVIEWS}`);
    expect(logged.join()).not.toContain(token);
    expect(logged.join()).not.toContain('PRIVATE KEY');
  });

  it('starts again from its saved identity while Citadel is away', async () => {
    const citadel = await startCitadel('state');
    await writeToken(citadel, 'reviews');
    const stateDir = join(dir, 'reviews-state');
    const first = workload(REVIEWS, { stateDir });
    await first.start();
    await until(() => statSync(join(stateDir, 'identity.json')), { what: 'the saved identity' });
    expect(statSync(join(stateDir, 'identity.json')).mode & 0o777).toBe(0o600);
    first.stop();
    await citadel.stop();
    const second = workload(REVIEWS, { stateDir });
    await second.start();
    expect(second.current()).toEqual(first.current());
  });

  it('does not take up a saved identity of another name', async () => {
    const citadel = await startCitadel('state');
    await writeToken(citadel, 'reviews');
    await writeToken(citadel, 'ratings');
    const stateDir = join(dir, 'shared-state');
    const first = workload(REVIEWS, { stateDir });
    await first.start();
    await until(() => readFileSync(join(stateDir, 'identity.json')), { what: 'the saved identity' });
    const second = workload(RATINGS, { stateDir });
    await second.start();
    expect(new X509Certificate(second.current()!.certChain).subjectAltName).toBe(`URI:${RATINGS}`);
  });

  it('starts anew with a Citadel that was set up anew', async () => {
    const old = await startCitadel('old');
    await writeToken(old, 'reviews');
    const stateDir = join(dir, 'reviews-state');
    const first = workload(REVIEWS, { stateDir });
    await first.start();
    await until(() => readFileSync(join(stateDir, 'identity.json')), { what: 'the saved identity' });
    first.stop();
    await old.stop();
    const anew = await startCitadel('anew');
    await writeToken(anew, 'reviews');
    const second = workload(REVIEWS, { stateDir });
    await second.start();
    expect(second.current()!.roots).toBe(anew.roots);
  });

  it('falls back on the token when its certificate is refused', async () => {
    const old = await startCitadel('old', { workloadTtl: 2_000 });
    await writeToken(old, 'reviews');
    const identity = workload(REVIEWS);
    await identity.start();
    await old.stop();
    const anew = await startCitadel('anew');
    await writeToken(anew, 'reviews');
    await until(() => identity.current()!.roots === anew.roots, { what: 'an identity of the new root' });
  });

  it('rotates every 20 s under an open stream and a stream of calls, without losing any', async () => {
    const ttl = 20_000;
    const citadel = await startCitadel('state', { workloadTtl: ttl, serverTtl: ttl });
    await writeToken(citadel, 'reviews');
    await writeToken(citadel, 'ratings');
    const server = workload(RATINGS);
    const client = workload(REVIEWS);
    await Promise.all([server.start(), client.start()]);
    const endpoint = await startEcho(server);
    const tls = { identity: client, expectedUri: RATINGS };
    const grpc = new GrpcClient(endpoint.address, tls);
    cleanups.push(() => grpc.close());
    const stream = grpc.bidi(Echo.Stream);
    let sent = 0;
    let received = 0;
    let failure: unknown;
    stream.on('data', () => (received += 1)).on('error', (error) => (failure = error));

    const serials = new Set<string>();
    const firstEnds = Math.max(server.current()!.notAfter, client.current()!.notAfter);
    while (Date.now() < firstEnds + 1_000) {
      stream.write(Buffer.from('x'));
      sent += 1;
      await until(() => received === sent || failure !== undefined, { what: 'the echo', interval: 5 });
      // On a connection of its own: with the certificates in force on both sides.
      const who = await unaryCall(endpoint.address, Echo.Who, Buffer.alloc(0), tls);
      expect(who.toString()).toBe('reviews');
      serials.add(`server ${serialOf(server)}`).add(`client ${serialOf(client)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(failure).toBeUndefined();
    // Some 250 where nothing else runs: on each of the certificates there were several.
    expect(sent).toBeGreaterThan(20);
    expect([...serials].filter((serial) => serial.startsWith('server')).length).toBeGreaterThanOrEqual(2);
    expect([...serials].filter((serial) => serial.startsWith('client')).length).toBeGreaterThanOrEqual(2);
    expect(logged.filter((line) => line.includes('could not'))).toEqual([]);
  });
});

async function startEcho(identity: WorkloadIdentity): Promise<GrpcEndpoint> {
  const service = grpcService(Echo, {
    Who: (_, call) => Buffer.from(peerIdentity(call)?.serviceAccount ?? 'nobody'),
    Stream: (call) =>
      void call.on('data', (message: Buffer) => call.write(message)).on('end', () => call.end()),
  });
  const tls = { identity, clientCertificates: 'required' } as const;
  const endpoint = new GrpcEndpoint({ bind: '127.0.0.1:0', tls, services: [service] });
  await endpoint.listen();
  cleanups.push(() => endpoint.close());
  return endpoint;
}
