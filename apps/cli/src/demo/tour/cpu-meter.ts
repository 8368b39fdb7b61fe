import { cpuMs, descendants, listProcesses } from '../measure/processes.js';
import type { Mesh } from '../mesh.js';

/** Measures the CPU time that services, and the mesh as a whole, use from now on. */
export class CpuMeter {
  private constructor(
    private readonly mesh: Mesh,
    private readonly services: readonly string[],
    private readonly before: ReadonlyMap<number, number>,
  ) {}

  static async start(mesh: Mesh, services: readonly string[]): Promise<CpuMeter> {
    return new CpuMeter(mesh, services, await readAll(mesh));
  }

  /** CPU time since the start, divided by `count`: `galley 2.0 ms, pilot 3.1 ms, all with the load 120 ms`. */
  async describePer(count: number): Promise<string> {
    const after = await readAll(this.mesh);
    const used = (pid: number): number => (after.get(pid) ?? 0) - (this.before.get(pid) ?? 0);
    const parts = this.services.map((name) => [name, used(this.mesh.servicePid(name))] as const);
    const all = [...after.keys()].reduce((sum, pid) => sum + used(pid), 0);
    return [...parts, ['the whole mesh, load included,', all] as const]
      .map(([name, ms]) => `${name} ${(ms / count).toFixed(1)} ms`)
      .join(', ');
  }
}

async function readAll(mesh: Mesh): Promise<ReadonlyMap<number, number>> {
  const all = descendants(await listProcesses(), mesh.rootPids());
  return new Map(await Promise.all(all.map(async ({ pid }) => [pid, await cpuMs(pid)] as const)));
}
