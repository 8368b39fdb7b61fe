import type { Change } from './changes.js';
import { LoadClient } from './load-client.js';
import { meshOperations } from './mesh.js';
import { PilotRig } from '../support/pilot.js';
import { cpuMs, residentMb } from './process-usage.js';
import { percentile } from './statistics.js';

export interface EditBench {
  readonly services: number;
  readonly proxies: number;
  readonly edits: number;
}

/** Latencies from the commit to the proxy, in milliseconds; CPU in milliseconds per edit. */
export interface EditRow extends EditBench {
  readonly change: string;
  /** Proxies that the change reaches. */
  readonly reached: number;
  readonly p50: number;
  readonly p99: number;
  /** Median, over the edits, of the last proxy's latency. */
  readonly last: number;
  /** Pilot's. */
  readonly cpu: number;
  /** That of the config log: nats-server, and the writer in the bench's own process. */
  readonly logCpu: number;
  readonly bytesPerProxy: number;
}

export interface ConnectRow {
  readonly proxies: number;
  readonly services: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly receivedMbPerProxy: number;
  /** Growth of Pilot's resident memory, per proxy, when it has become quiet. */
  readonly mbPerProxy: number;
  /** Pilot's CPU while nothing changes, in milliseconds per second. */
  readonly idle: number;
}

/** Time between two edits: each is to be seen alone. */
const GAP_MS = 100;
/** Edits before those that count: the first ones find code that is not compiled yet. */
const WARM_UP = 10;
const SETTLE_MS = 2_000;
const IDLE_MS = 3_000;

/** Pilot with a mesh, and the simulated proxies that connect to it. */
export async function benchEdits(
  bench: EditBench,
  changes: readonly Change[],
): Promise<{ connect: ConnectRow; rows: EditRow[] }> {
  const pilot = await PilotRig.start(meshOperations(bench.services));
  const load = new LoadClient();
  try {
    const connect = await connectAll(pilot, load, bench);
    const rows: EditRow[] = [];
    for (const change of changes) rows.push(await editMany(pilot, load, bench, change));
    return { connect, rows };
  } finally {
    load.close();
    await pilot.stop();
  }
}

async function connectAll(
  pilot: PilotRig,
  load: LoadClient,
  { proxies, services }: EditBench,
): Promise<ConnectRow> {
  const { pid } = pilot.process;
  const [cpu, memory, start] = [cpuMs(pid), residentMb(pid), performance.now()];
  const traffic = await load.connect(pilot.xds, proxies);
  const seconds = (performance.now() - start) / 1_000;
  const cpuSeconds = (cpuMs(pid) - cpu) / 1_000;
  const receivedMbPerProxy = traffic.bytes / 1e6 / proxies;
  await quiet(pilot);
  const before = cpuMs(pid);
  await sleep(IDLE_MS);
  const idle = (cpuMs(pid) - before) / (IDLE_MS / 1_000);
  const mbPerProxy = (residentMb(pid) - memory) / proxies;
  return { proxies, services, seconds, cpuSeconds, receivedMbPerProxy, mbPerProxy, idle };
}

async function editMany(
  pilot: PilotRig,
  load: LoadClient,
  bench: EditBench,
  change: Change,
): Promise<EditRow> {
  const latencies: number[][] = [];
  const total = { bytes: 0, cpu: 0, logCpu: 0 };
  if (change.prepare) await pilot.commit(change.prepare).then(() => quiet(pilot));
  for (let round = 1; round <= WARM_UP + bench.edits; round++) {
    const edit = change.edit(round, bench.services);
    const before = usage(pilot);
    const seen = await load.during(edit, () => pilot.commit(edit.operations));
    await sleep(GAP_MS);
    const after = usage(pilot);
    if (edit.undo) await pilot.commit(edit.undo).then(() => sleep(GAP_MS));
    if (round <= WARM_UP) continue;
    total.cpu += after.cpu - before.cpu;
    total.logCpu += after.logCpu - before.logCpu;
    total.bytes += seen.bytes;
    latencies.push(seen.latencies);
  }
  const all = latencies.flat();
  const reached = all.length / bench.edits;
  const slowest = latencies.map((each) => Math.max(...each));
  return {
    ...{ ...bench, change: change.name, reached },
    ...{ p50: percentile(all, 0.5), p99: percentile(all, 0.99), last: percentile(slowest, 0.5) },
    ...{ cpu: total.cpu / bench.edits, logCpu: total.logCpu / bench.edits },
    bytesPerProxy: total.bytes / bench.edits / reached,
  };
}

/** Waits until Pilot has little to do: what was to be pushed is on its way, and a herd is cleaned up after. */
async function quiet({ process: { pid } }: PilotRig): Promise<void> {
  await sleep(SETTLE_MS);
  for (;;) {
    const before = cpuMs(pid);
    await sleep(SETTLE_MS);
    if (cpuMs(pid) - before < SETTLE_MS / 20) return;
  }
}

/** CPU in milliseconds. */
function usage(pilot: PilotRig): { cpu: number; logCpu: number } {
  const { user, system } = process.cpuUsage();
  const log = cpuMs(pilot.nats.process.pid);
  return { cpu: cpuMs(pilot.process.pid), logCpu: log + (user + system) / 1_000 };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
