import type { Gateway } from '../kinds/gateway.js';
import type { Resource } from '../resource.js';
import { byAge } from '../routes/age.js';
import type { Finding } from '../routes/conflicts.js';
import type { PlacedServer, ServerConflict } from './merge.js';
import { mergeServers } from './merge.js';

type Gateways = Resource<Gateway>;

interface Placed extends PlacedServer {
  readonly gateway: Gateways;
  readonly index: number;
}

/**
 * Servers that no workload serves, because an older one is in their way wherever their Gateway selects. Only Gateways
 * whose selectors take in each other's workloads are compared: of others nobody knows whether they meet.
 */
export function gatewayConflicts(resources: Iterable<Resource>): Finding[] {
  const gateways = [...resources].filter(({ kind }) => kind === 'Gateway').sort(byAge) as Gateways[];
  const groups = new Map<string, Gateways>();
  for (const gateway of gateways) groups.set(selectorText(gateway), gateway);
  const findings = new Map<string, Finding>();
  for (const member of groups.values()) {
    const together = gateways.filter((other) => takesIn(other, member));
    for (const conflict of mergeServers(together.flatMap(serversOf)).conflicts) {
      const finding = conflictFinding(conflict);
      findings.set(`${finding.resource} ${finding.path.join()}`, finding);
    }
  }
  return [...findings.values()];
}

function serversOf(gateway: Gateways): Placed[] {
  return gateway.spec.servers.map((server, index) => {
    return { server, address: server.bind || '0.0.0.0', port: server.port.number, gateway, index };
  });
}

function selectorText({ spec }: Gateways): string {
  return JSON.stringify(Object.entries(spec.selector ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether every workload that `inner` selects is one of `outer`. */
function takesIn(outer: Gateways, inner: Gateways): boolean {
  const labels = inner.spec.selector ?? {};
  return Object.entries(outer.spec.selector ?? {}).every(([key, value]) => labels[key] === value);
}

function conflictFinding({ loser, winner, hosts }: ServerConflict<Placed>): Finding {
  const { gateway, index, port, address } = loser;
  const { namespace, name, spec } = winner.gateway;
  const other = `server ${spec.servers[winner.index]?.port.name ?? winner.index} of Gateway ${namespace}/${name}`;
  const reason = hosts.length > 0 ? `has ${hosts.join(', ')} already` : 'does not share the port with it';
  const message = `the server is left out: on ${address}:${port} ${other}, which stays, ${reason}`;
  return { code: 'gatewayConflict', message, resource: gateway.key, path: ['spec', 'servers', index] };
}
