import type { Operation } from '#common/config-log';
import { until } from '#common/testing';
import { startUpstream } from '../../../apps/pilot/src/ads/testing/ads-rig.js';
import type { ProxyHolding } from '../../../apps/pilot/src/debug/proxy-status.js';
import { PilotRig, type PilotReplica } from '../../support/pilot.js';
import { BACKENDS, CORE, EditedMesh } from './mesh.js';
import { MeshProxy, type ProxyPlan } from './proxy.js';

export interface FleetOptions {
  readonly proxies: readonly ProxyPlan[];
  /** Pilots on the same log; proxies are spread over them. */
  readonly replicas: number;
  /** More resources, which no edit touches. */
  readonly more?: readonly Operation[];
  readonly pilotFlags?: readonly string[];
}

/** A mesh of real Pilots and real Envoys, with an application behind each endpoint. */
export class Fleet {
  private constructor(
    readonly mesh: EditedMesh,
    readonly rig: PilotRig,
    readonly pilots: readonly PilotReplica[],
    readonly proxies: readonly MeshProxy[],
    private readonly applications: readonly { readonly server: { close(): void } }[],
  ) {}

  static async start(options: FleetOptions): Promise<Fleet> {
    const { proxies: plans, replicas, more = [], pilotFlags = [] } = options;
    const applications = await Promise.all(BACKENDS.map((name) => startUpstream(name)));
    const ports = new Map(BACKENDS.map((name, n) => [name as string, applications[n]!.port]));
    const mesh = new EditedMesh(plans, (backend) => ports.get(backend)!);
    const rig = await PilotRig.start([...mesh.operations(), ...more], pilotFlags);
    const pilots: PilotReplica[] = [rig];
    while (pilots.length < replicas) pilots.push(await rig.addReplica(pilotFlags));
    const proxies: MeshProxy[] = [];
    for (const [n, plan] of plans.entries())
      proxies.push(await MeshProxy.start(plan, pilots[n % replicas]!.xds));
    const fleet = new Fleet(mesh, rig, pilots, proxies, applications);
    await fleet.serve();
    return fleet;
  }

  /** Resolves when every proxy serves: an Envoy says that it is ready before its workers listen. */
  private async serve(): Promise<void> {
    for (const proxy of this.proxies)
      for (const service of CORE) {
        const what = `${proxy.plan.name} to serve ${service}`;
        await until(async () => (await proxy.call(service)).status === 200, { what });
      }
  }

  /** Resolves when every proxy holds this revision. */
  async hold(revision: number, timeout = 30_000): Promise<void> {
    let behind: unknown = 'no Pilot was asked';
    const holding = async (): Promise<boolean> => {
      const answers = await Promise.all(this.pilots.map((pilot) => holdings(pilot)));
      const all = answers.flat();
      const held = new Set(all.filter((each) => each.revision >= revision).map(nameOf));
      behind = {
        missing: this.proxies.map(({ plan }) => plan.name).filter((name) => !held.has(name)),
        seen: all.filter((each) => !held.has(nameOf(each))),
      };
      return this.proxies.every(({ plan }) => held.has(plan.name));
    };
    await until(holding, { timeout }).catch(async () => {
      const waits = await Promise.all(this.pilots.map((pilot) => waiting(pilot)));
      behind = { behind, waits: waits.flat() };
      throw new Error(`revision ${revision} is not held everywhere: ${JSON.stringify(behind, null, 1)}`);
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
    for (const pilot of this.pilots.slice(1)) await pilot.process.stop();
    await this.rig.stop();
    for (const { server } of this.applications) server.close();
  }
}

async function holdings(pilot: PilotReplica): Promise<ProxyHolding[]> {
  return pilot.process.running() ? pilot.get<ProxyHolding[]>('/debug/syncz') : [];
}

/** The connections of a Pilot on which something is not sent or not answered. */
async function waiting(pilot: PilotReplica): Promise<unknown[]> {
  if (!pilot.process.running()) return [];
  const { clients } = await pilot.get<{ clients: { idle: boolean }[] }>('/debug/adsz');
  return clients.filter(({ idle }) => !idle);
}

function nameOf({ proxy }: ProxyHolding): string {
  return proxy.split('~')[2]!.split('.')[0]!;
}
