import { freePorts, startEnvoy, type RunningEnvoy } from '#common/testing';
import { HttpClient, type HttpAnswer } from '../../../apps/cli/src/demo/measure/http-client.js';
import { adsBootstrap } from '../../../apps/pilot/src/ads/testing/ads-rig.js';
import { Relay } from '../../support/relay.js';
import type { ProxyPorts } from './mesh.js';
import { hostOf } from './resources.js';

/** The ways in which a proxy takes its config: virtual hosts one by one, whole tables, or the state of the world. */
export type Variant = 'vhds' | 'delta' | 'sotw';

export interface ProxyPlan extends ProxyPorts {
  readonly variant: Variant;
  readonly address: string;
}

/** Plans proxies `p0`, `p1`, ... of the variants in turn, the last of them a gateway. */
export async function planProxies(
  variants: readonly Variant[],
  gateways: readonly Variant[],
): Promise<ProxyPlan[]> {
  const all = [...variants, ...gateways];
  const ports = await freePorts(2 * all.length);
  return all.map((variant, n) => {
    const isGateway = n >= variants.length;
    const name = isGateway ? `gw${n}` : `p${n}`;
    const [main = 0, extra = 0] = ports.slice(2 * n);
    // No endpoint has this address: nothing is inbound.
    return {
      name,
      role: isGateway ? 'gateway' : 'sidecar',
      main,
      extra,
      variant,
      address: `127.77.1.${n + 1}`,
    };
  });
}

/** A real Envoy that reaches Pilot through a relay, and calls through it. */
export class MeshProxy {
  private readonly client: HttpClient;

  private constructor(
    readonly plan: ProxyPlan,
    readonly envoy: RunningEnvoy,
    readonly relay: Relay,
  ) {
    this.client = new HttpClient('127.0.0.1', plan.main);
  }

  static async start(plan: ProxyPlan, pilot: string): Promise<MeshProxy> {
    const relay = await Relay.start(pilot);
    return new MeshProxy(plan, await startTwin(plan, relay.address), relay);
  }

  /** Another Envoy in this one's place, that has lived through nothing; it answers on the same ports. */
  startTwin(): Promise<RunningEnvoy> {
    return startTwin(this.plan, this.relay.address);
  }

  call(service: string): Promise<HttpAnswer> {
    return this.client.get('/', { host: hostOf(service), timeoutMs: 15_000 });
  }

  /** Whether the second port serves: over a new connection each time. */
  async answersOnSecondPort(service: string): Promise<boolean> {
    const client = new HttpClient('127.0.0.1', this.plan.extra);
    try {
      return (await client.get('/', { host: hostOf(service) })).status === 200;
    } finally {
      client.close();
    }
  }

  async stop(): Promise<void> {
    this.client.close();
    this.relay.close();
    await this.envoy.stop();
  }
}

function startTwin({ name, role, variant, address }: ProxyPlan, pilot: string): Promise<RunningEnvoy> {
  const type = role === 'gateway' ? 'router' : 'sidecar';
  const metadata = {
    NAMESPACE: 'default',
    LABELS: { proxy: name },
    QUARTET_VHDS: variant === 'vhds',
    ...(role === 'sidecar' && { INTERCEPTION_MODE: 'NONE' }),
  };
  const id = `${type}~${address}~${name}.default~default.svc.cluster.local`;
  return startEnvoy(adsBootstrap(pilot, variant === 'sotw' ? 'sotw' : 'delta', { id, metadata }));
}
