/**
 * What a certificate costs: a Citadel process, asked over mTLS with 32 requests in flight. Prints one JSON object:
 * certificates per second, and microseconds of Citadel's CPU for each, best of several rounds.
 *
 *     node tools/build.mjs && node dist/test/bench/ca/main.js
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { citadelUri, IstioCertificateService, TokenService } from '#common/ca-client';
import { GrpcClient, unaryCall } from '#common/grpc';
import { createCsr, generateKey, identityFromChain, type TlsIdentity } from '#common/identity';
import { spawnProcess, tempDir } from '#common/testing';
import { cpuMs } from '../process-usage.js';

const CITADEL = fileURLToPath(new URL('../../../apps/citadel/src/main.js', import.meta.url));
const IN_FLIGHT = 32;
/** All rounds together stay below the burst that Citadel grants one identity. */
const ISSUES_PER_ROUND = 1_800;
const ROUNDS = 5;

interface Round {
  readonly perSecond: number;
  readonly serverCpuUs: number;
}

/** An identity as a workload obtains it: by a join token that the administrator asks for. */
async function obtainIdentity(address: string, state: string): Promise<TlsIdentity> {
  const roots = readFileSync(join(state, 'root-cert.pem'), 'utf8');
  const credential = readFileSync(join(state, 'admin-credential'), 'utf8').trim();
  const options = (bearer: string) => ({
    roots,
    expectedUri: citadelUri('cluster.local'),
    metadata: { authorization: `Bearer ${bearer}` },
  });
  const wish = { namespace: 'default', serviceAccount: 'bench', ttlSeconds: 0, uses: 0 };
  const { token } = await unaryCall(address, TokenService.CreateToken, wish, options(credential));
  const keys = generateKey();
  const request = { csr: createCsr(keys), validityDuration: 0 };
  const { certChain } = await unaryCall(
    address,
    IstioCertificateService.CreateCertificate,
    request,
    options(token),
  );
  return identityFromChain(certChain, keys.privateKey, roots, { now: Date.now() });
}

async function measure(client: GrpcClient, pid: number): Promise<Round> {
  const csr = createCsr(generateKey());
  const cpuBefore = cpuMs(pid);
  const start = performance.now();
  let left = ISSUES_PER_ROUND;
  const worker = async () => {
    while (left-- > 0)
      await client.unary(IstioCertificateService.CreateCertificate, { csr, validityDuration: 0 });
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const seconds = (performance.now() - start) / 1_000;
  return {
    perSecond: Math.round(ISSUES_PER_ROUND / seconds),
    serverCpuUs: Math.round(((cpuMs(pid) - cpuBefore) * 1_000) / ISSUES_PER_ROUND),
  };
}

const state = join(tempDir(), 'citadel');
const flags = [
  '--state',
  state,
  '--nats',
  'nats://127.0.0.1:1',
  '--grpc',
  '127.0.0.1:0',
  '--http',
  '127.0.0.1:0',
];
const citadel = spawnProcess(process.execPath, [CITADEL, ...flags], { ipc: true, env: process.env });
const [ready] = (await once(citadel.child, 'message')) as [{ addresses: { grpc: string } }];
const identity = await obtainIdentity(ready.addresses.grpc, state);
const client = new GrpcClient(ready.addresses.grpc, {
  roots: identity.roots,
  identity: { current: () => identity, subscribe: () => () => undefined },
  expectedUri: citadelUri('cluster.local'),
});
const rounds: Round[] = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(client, citadel.pid));
client.close();
await citadel.stop();
const best = {
  perSecond: Math.max(...rounds.map(({ perSecond }) => perSecond)),
  serverCpuUs: Math.min(...rounds.map(({ serverCpuUs }) => serverCpuUs)),
};
process.stdout.write(`${JSON.stringify({ inFlight: IN_FLIGHT, best, rounds }, null, 2)}\n`);
process.exit(0);
