import type { envoy } from '#common/proto/envoy';
import type { InboundChainPick } from './inbound-chains.js';
import { exempting, httpInspector, tlsInspector } from './listener-filters.js';

type ListenerFilter = envoy.config.listener.v3.ListenerFilter.$Properties;
type Looks = (pick: InboundChainPick) => boolean;

/** TLS is looked into only where something depends on it: of STRICT everything is TLS, of DISABLE nothing. */
const looksForTls: Looks = ({ mode, sniffed }) => mode === 'PERMISSIVE' || sniffed === true;
const looksForHttp: Looks = ({ mode, sniffed }) => mode !== 'STRICT' && sniffed === true;

/** What has to be found out before a port's chain can be chosen. */
export function inspectorsOf(pick: InboundChainPick): ListenerFilter[] {
  return [...(looksForTls(pick) ? [tlsInspector()] : []), ...(looksForHttp(pick) ? [httpInspector()] : [])];
}

/**
 * The same for a listener of many ports: at a port where nothing has to be found out nothing is waited for, or a server
 * that speaks first would never come to speak.
 */
export function sharedInspectors(
  chains: readonly InboundChainPick[],
  passthrough: InboundChainPick,
): ListenerFilter[] {
  return [
    ...inspector(tlsInspector(), looksForTls, chains, passthrough),
    ...inspector(httpInspector(), looksForHttp, chains, passthrough),
  ];
}

function inspector(
  filter: ListenerFilter,
  looks: Looks,
  chains: readonly InboundChainPick[],
  passthrough: InboundChainPick,
): ListenerFilter[] {
  const portsThat = (look: boolean): number[] =>
    chains.filter((chain) => looks(chain) === look).map(({ port }) => port);
  if (looks(passthrough)) return [exempting(filter, portsThat(false))];
  const looking = portsThat(true);
  return looking.length > 0 ? [exempting(filter, looking, true)] : [];
}
