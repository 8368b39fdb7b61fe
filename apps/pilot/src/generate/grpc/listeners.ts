import { envoy } from '#common/proto/envoy';
import type { ResourceKey } from '#config';
import type { Generator, Inputs, WorldView } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { outboundClusterNames } from '../cds/names.js';
import { inboundPorts } from '../common/inbound.js';
import { outboundCluster, parseOutbound } from '../common/names.js';
import { anyAddress } from '../common/own-addresses.js';
import { hostAndPort } from '../../model/host.js';
import { distinctSources } from '../common/provenance.js';
import { seal } from '../common/seal.js';
import { workloadLabelsOf } from '../lds/select-inbound.js';
import type { ForGrpc } from './by-client.js';
import { FOR_GRPC } from './by-client.js';
import { clientListener, serverListenerAt } from './listener.js';
import type { ServerPick } from './listener.js';
import { parseServerListener, serverListener, targetOf } from './targets.js';

interface ClientPick {
  readonly sort: 'client';
  readonly name: string;
  readonly route: string;
  readonly sources: readonly ResourceKey[];
}

type Pick = ClientPick | (ServerPick & { readonly sources: readonly ResourceKey[] });

/** The entry points: of a client one for each target that it names, of a server one for each address. */
export const grpcListeners: Generator<Pick & ForGrpc & Inputs> = {
  type: TYPE.listener,

  names(view, proxy) {
    const outbound = outboundClusterNames(view, proxy).flatMap((cluster) => {
      const { host, port, subset } = parseOutbound(cluster) ?? { host: '', port: 0, subset: 'none' };
      return subset === '' ? [hostAndPort(host, port)] : [];
    });
    const inbound = inboundPorts(view, proxy).map(({ port }) => serverListener(anyAddress(proxy), port));
    return [...outbound, ...new Set(inbound)];
  },

  select(view, proxy, name) {
    const at = parseServerListener(name);
    const pick = at ? pickServer(view, proxy, name, at) : pickClient(view, proxy, name);
    return pick && seal('Listener', { ...FOR_GRPC, ...pick });
  },

  generate(inputs) {
    const listener =
      inputs.sort === 'client' ? clientListener(inputs.name, inputs.route) : serverListenerAt(inputs);
    const value = envoy.config.listener.v3.Listener.encode(listener).finish();
    return { value, sources: distinctSources(inputs.sources) };
  },
};

function pickClient(view: WorldView, proxy: Proxy, name: string): ClientPick | undefined {
  const target = targetOf(view, proxy, name);
  if (!target) return undefined;
  const { host, port, service } = target;
  return { sort: 'client', name, route: outboundCluster(port, '', host), sources: service?.sources ?? [] };
}

/** A server may be up before there is a service for it. */
function pickServer(
  view: WorldView,
  proxy: Proxy,
  name: string,
  { host, port }: { host: string; port: number },
): Pick {
  const { mode, sources } = view.mtls(proxy.namespace, workloadLabelsOf(view, proxy), port);
  return { sort: 'server', name, address: host, port, strict: mode === 'STRICT', sources };
}
