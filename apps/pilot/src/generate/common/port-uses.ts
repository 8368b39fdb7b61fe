import type { WorldView } from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import type { HostList } from '../../world/host-list.js';
import type { PortUse, UseSort } from '../../world/view.js';
import { egressScope } from './egress-scope.js';

/** In place of a port's common address, which is another for each family. */
export const COMMON = '*';

/** The services on a port that have a listener, by where that is. */
export interface PortUses {
  /**
   * At the common address, where hosts tell them apart: the listener is the same for one service or for thousands, so
   * that one stands for all that speak HTTP, and one for all that speak gRPC-Web.
   */
  readonly http: readonly PortUse[];
  /** By the address that their config says: a virtual one, or {@link COMMON}. The older first. */
  readonly stated: ReadonlyMap<string, readonly PortUse[]>;
  /** Those whose clients connect to their endpoints. */
  readonly headless: readonly PortUse[];
}

/** On HTTPS's port HTTP would take the connections to everything that nobody declared. */
const HTTPS_PORT = 443;

export function usesOfPort(view: WorldView, proxy: Proxy, port: number): PortUses {
  const scope = egressScope(view, proxy, port);
  const isImported = ({ namespace, host }: PortUse): boolean => scope.imports(namespace, host);
  const others = view.servicesOnPort(port, proxy, 'other');
  const first = (sort: UseSort): PortUse[] =>
    [view.servicesOnPort(port, proxy, sort).find(isImported)].filter((use) => use !== undefined);
  return {
    http: mayHaveHttp(view, port) ? [...first('http'), ...first('grpc-web')].sort(byAge) : [],
    ...(scope.isEverything ? filedOnce(others) : filed(others.filter(isImported))),
  };
}

function mayHaveHttp(view: WorldView, port: number): boolean {
  return port !== HTTPS_PORT || view.environment.switches?.httpOn443 === true;
}

type Filed = Omit<PortUses, 'http'>;

const known = new WeakMap<HostList<PortUse>, Filed>();

/** A list is the same for many proxies, and from one world to the next. */
function filedOnce(uses: HostList<PortUse>): Filed {
  let found = known.get(uses);
  if (!found) known.set(uses, (found = filed(uses)));
  return found;
}

function filed(uses: HostList<PortUse>): Filed {
  const stated = new Map<string, PortUse[]>();
  const headless: PortUse[] = [];
  for (const use of uses) {
    if (use.protocol === 'UDP') continue;
    if (isHeadless(use)) headless.push(use);
    else for (const address of statedAddresses(use)) file(stated, address, use);
  }
  for (const at of stated.values()) at.sort(byAge);
  return { stated, headless };
}

/** Ranges, and services without any address, are left to the common one; others have theirs to themselves. */
function statedAddresses({ addresses }: PortUse): ReadonlySet<string> {
  const single = addresses.filter(isSingle);
  const isAlone = single.length === addresses.length && single.length > 0;
  return new Set(isAlone ? single : [...single, COMMON]);
}

export function isSingle(address: string): boolean {
  return !address.includes('/');
}

function isHeadless({ addresses, protocol, resolution }: PortUse): boolean {
  if (addresses.length > 0 || protocol === 'TLS') return false;
  return resolution === 'EDS' || resolution === 'ORIGINAL_DST';
}

export function file(byAddress: Map<string, PortUse[]>, address: string, use: PortUse): void {
  const uses = byAddress.get(address);
  if (uses) uses.push(use);
  else byAddress.set(address, [use]);
}

/** HTTP has no age, and comes first. */
export function byAge(one: PortUse, other: PortUse): number {
  const [a, b] = [one.createdAt ?? '', other.createdAt ?? ''];
  if (a !== b) return a < b ? -1 : 1;
  return one.host < other.host ? -1 : Number(one.host > other.host);
}
