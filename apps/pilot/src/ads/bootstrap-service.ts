import {
  grpcService,
  peerIdentity,
  serviceDefinition,
  Status,
  statusError,
  unary,
  type GrpcService,
} from '#common/grpc';
import { quartet } from '#common/proto/istio';
import { bootstrapPatches } from '../generate/envoy-filter/bootstrap.js';
import type { World } from '../model/contract.js';
import type { Node } from '../model/node.js';
import { proxyFromNode } from '../model/node.js';
import type { Proxy } from '../model/proxy.js';
import { authorise, type Caller } from './authorise.js';

const { BootstrapPatchesRequest, BootstrapPatchesResponse } = quartet.v1;

/** What an agent asks Pilot before it starts its Envoy, on the ports of xDS. */
export const BootstrapService = serviceDefinition('quartet.v1.BootstrapService', {
  Patches: unary(BootstrapPatchesRequest, BootstrapPatchesResponse),
});

export interface BootstrapServiceOptions {
  /** Undefined before all is known of which worlds are made. */
  readonly world: () => World | undefined;
  readonly trustDomain: string;
}

/**
 * EnvoyFilters that patch the bootstrap. Istio's agent may have all of the bootstrap made by istiod; ours makes it
 * itself, so that it starts without Pilot, and asks for the patches alone where it is told to.
 */
export function bootstrapService(
  { world, trustDomain }: BootstrapServiceOptions,
  transport: Caller['transport'],
): GrpcService {
  return grpcService(BootstrapService, {
    Patches({ node }, call) {
      const caller: Caller = transport === 'tls' ? { transport, id: peerIdentity(call) } : { transport };
      const proxy = authorise(caller, proxyOf(node), trustDomain);
      const now = world();
      if (!now) throw statusError(Status.UNAVAILABLE, 'nothing is known of the mesh yet');
      const patches = bootstrapPatches(
        now.view(() => undefined),
        proxy,
      );
      return { patches: patches.map((patch) => ({ ...patch, value: JSON.stringify(patch.value) })) };
    },
  });
}

function proxyOf(text: string): Proxy {
  try {
    const { id = '', cluster = '', metadata = {} } = JSON.parse(text) as Partial<Node>;
    const result = proxyFromNode({ id, cluster, metadata });
    if (result.ok) return result.proxy;
    throw new Error(result.error);
  } catch (error) {
    throw statusError(Status.INVALID_ARGUMENT, `the node cannot be read: ${(error as Error).message}`);
  }
}
