import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Operation } from '#common/config-log';
import type { LoadCommand, LoadReply } from './load.js';
import { meshOperations, serviceEntry, virtualService } from './mesh.js';
import { PilotRig } from '../support/pilot.js';
import { cpuMs, residentMb } from './process-usage.js';
import { percentile } from './statistics.js';

export interface EditBench {
  readonly services: number;
  readonly proxies: number;
  readonly edits: number;
}

/** Latencies from the commit to the proxy, in milliseconds; CPU of Pilot, in milliseconds per edit. */
export interface EditRow extends EditBench {
  readonly change: 'VirtualService' | 'endpoint';
  readonly p50: number;
  readonly p99: number;
  /** Median, over the edits, of the last proxy's latency. */
  readonly last: number;
  readonly cpu: number;
  readonly bytesPerProxy: number;
}

export interface ConnectRow {
  readonly proxies: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly receivedMbPerProxy: number;
  /** Growth of Pilot's resident memory, per proxy. */
  readonly mbPerProxy: number;
}

/** Time between two edits: each is to be seen alone. */
const GAP_MS = 100;
/** Edits before those that count: the first ones find code that is not compiled yet. */
const WARM_UP = 10;

export async function benchEdits(bench: EditBench): Promise<{ connect: ConnectRow; rows: EditRow[] }> {
  const pilot = await PilotRig.start(meshOperations(bench.services));
  const load = fork(fileURLToPath(new URL('./load.js', import.meta.url)));
  try {
    const connect = await connectAll(pilot, load, bench.proxies);
    const marks: [EditRow['change'], (round: number) => [string, Operation]][] = [
      ['VirtualService', (round) => [`mark-${round}`, virtualService(0, `mark-${round}`)]],
      ['endpoint', (round) => [`10.99.1.${round}`, serviceEntry(0, `10.99.1.${round}`)]],
    ];
    const rows: EditRow[] = [];
    for (const [change, build] of marks) rows.push(await editMany(pilot, load, bench, change, build));
    return { connect, rows };
  } finally {
    load.disconnect();
    await pilot.stop();
  }
}

async function connectAll(pilot: PilotRig, load: ChildProcess, proxies: number): Promise<ConnectRow> {
  const { pid } = pilot.process;
  const [cpu, memory, start] = [cpuMs(pid), residentMb(pid), performance.now()];
  const reply = await ask(load, { kind: 'connect', address: pilot.xds, proxies });
  if (reply.kind !== 'connected') throw new Error(`the load client says '${reply.kind}'`);
  const seconds = (performance.now() - start) / 1_000;
  const mbPerProxy = (residentMb(pid) - memory) / proxies;
  const receivedMbPerProxy = reply.traffic.bytes / 1e6 / proxies;
  return { proxies, seconds, cpuSeconds: (cpuMs(pid) - cpu) / 1_000, receivedMbPerProxy, mbPerProxy };
}

async function editMany(
  pilot: PilotRig,
  load: ChildProcess,
  bench: EditBench,
  change: EditRow['change'],
  build: (round: number) => [string, Operation],
): Promise<EditRow> {
  const latencies: number[][] = [];
  let bytes = 0;
  let cpu = 0;
  for (let round = 1; round <= WARM_UP + bench.edits; round++) {
    const [mark, operation] = build(round);
    const before = cpuMs(pilot.process.pid);
    const seen = await editOnce(pilot, load, mark, operation);
    await new Promise((resolve) => setTimeout(resolve, GAP_MS));
    if (round <= WARM_UP) continue;
    cpu += cpuMs(pilot.process.pid) - before;
    latencies.push(seen.latencies);
    bytes += seen.bytes;
  }
  const all = latencies.flat();
  const last = percentile(
    latencies.map((each) => Math.max(...each)),
    0.5,
  );
  const bytesPerProxy = bytes / bench.edits / bench.proxies;
  return {
    ...{ ...bench, change, p50: percentile(all, 0.5), p99: percentile(all, 0.99), last },
    ...{ cpu: cpu / bench.edits, bytesPerProxy },
  };
}

async function editOnce(pilot: PilotRig, load: ChildProcess, mark: string, operation: Operation) {
  await ask(load, { kind: 'watch', mark });
  const start = process.hrtime.bigint();
  const seen = answer(load);
  await pilot.commit([operation]);
  const reply = await seen;
  if (reply.kind !== 'seen') throw new Error(`the load client says '${reply.kind}'`);
  const latencies = reply.times.map((time) => Number(BigInt(time) - start) / 1e6);
  return { latencies, bytes: reply.traffic.bytes };
}

async function ask(load: ChildProcess, command: LoadCommand): Promise<LoadReply> {
  load.send(command);
  return answer(load);
}

async function answer(load: ChildProcess): Promise<LoadReply> {
  const [reply] = (await once(load, 'message', { signal: AbortSignal.timeout(120_000) })) as [LoadReply];
  return reply;
}
