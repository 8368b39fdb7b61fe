import type { Generator, Inputs, WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';

/** Marks inputs that were picked for gRPC, so that what they are made into is known from them alone. */
export interface ForGrpc {
  readonly client: 'grpc';
}

export const FOR_GRPC: ForGrpc = { client: 'grpc' };

/** One type for both sorts of clients: Envoy, and gRPC's own, which take part in the mesh without a proxy. */
export function byClient<I extends ForGrpc & Inputs>(envoy: Generator, grpc?: Generator<I>): Generator {
  const isGrpc = ({ generator }: Proxy): boolean => generator === 'grpc';
  return {
    type: envoy.type,
    names: (view, proxy) => (isGrpc(proxy) ? (grpc?.names(view, proxy) ?? []) : envoy.names(view, proxy)),
    namesOf: (view, proxy, hosts) => (isGrpc(proxy) ? undefined : envoy.namesOf?.(view, proxy, hosts)),
    ownNames: (view, proxy) => (isGrpc(proxy) ? [] : (envoy.ownNames?.(view, proxy) ?? [])),
    select: (view: WorldView, proxy: Proxy, name: string): Inputs | undefined =>
      isGrpc(proxy) ? grpc?.select(view, proxy, name) : envoy.select(view, proxy, name),
    generate: (inputs) => (grpc && isForGrpc(inputs) ? grpc.generate(inputs as I) : envoy.generate(inputs)),
  };
}

function isForGrpc(inputs: Inputs): boolean {
  return 'client' in inputs && inputs.client === 'grpc';
}
