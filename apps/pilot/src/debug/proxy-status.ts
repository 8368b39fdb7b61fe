import { shortType } from '../ads/metrics.js';
import { stateVersion } from '../ads/state-version.js';
import type { Subscription } from '../ads/subscription.js';
import { TYPE } from '../model/contract.js';
import type { ProxyConnection } from '../push/proxy-connection.js';
import type { HeldRemoval } from '../registries/removal-hold.js';
import type { Withdrawal } from '../push/withdrawal/withdrawal.js';

/** NOT SENT: the proxy has not asked, or has not been answered. STALE: sent and not ACKed, or about to be sent. */
export type SyncState = 'SYNCED' | 'STALE' | 'NOT SENT' | 'NACK';

/** A resource that the proxy refuses, and where it comes from. */
export interface RejectedResource {
  readonly type: string;
  readonly name: string;
  /** Config keys. */
  readonly sources: readonly string[];
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
}

/** What one Pilot says of one proxy. Types are `CDS`, `LDS`, `EDS`, `RDS`, `VHDS`, `SDS`. */
export interface ProxyHolding {
  /** Node id. */
  readonly proxy: string;
  readonly pilot: string;
  /** RFC 3339. */
  readonly connectedSince: string;
  readonly protocol: 'delta' | 'sotw';
  readonly status: Readonly<Record<string, SyncState>>;
  /** Hash over all that the proxy holds of the type. */
  readonly versions: Readonly<Record<string, string>>;
  /** Everything of the config log up to this revision is in force in the proxy, or does not concern it. */
  readonly revision: number;
  /** Whether it holds the revision that was asked for. */
  readonly holds?: boolean;
  /** The words of a refusal that still stands. */
  readonly lastError?: string;
  readonly rejected: readonly RejectedResource[];
  /** Config that this Pilot withdrew for all proxies, because one of them refused what came of it. */
  readonly withdrawn: readonly WithdrawnConfig[];
  /** Endpoints that a registry no longer has, and that this Pilot keeps for now. */
  readonly heldEndpoints: readonly HeldEndpoints[];
}

/** A service that lost most of its endpoints at once. Times are RFC 3339. */
export interface HeldEndpoints extends Omit<HeldRemoval, 'since' | 'until'> {
  readonly since: string;
  readonly until: string;
}

/** What a Pilot says of itself with each of its proxies. */
export interface AboutPilot {
  readonly pilot: string;
  readonly withdrawn: readonly Withdrawal[];
  readonly removals: readonly HeldRemoval[];
}

export interface WithdrawnConfig {
  /** Config key. */
  readonly config: string;
  /** What counts instead: its last good form, or nothing where it never had one. */
  readonly inForce: 'last good form' | 'nothing';
  /** What was refused with it, by whom, and in which words. */
  readonly type: string;
  readonly name: string;
  readonly proxy?: string;
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
}

const TYPES = [TYPE.cluster, TYPE.listener, TYPE.endpoint, TYPE.route, TYPE.virtualHost];

export function proxyHolding(
  connection: ProxyConnection,
  { pilot, withdrawn, removals }: AboutPilot,
  revision?: number,
): ProxyHolding {
  const { proxy, subscriptions, protocol, revisionHeld, lastError } = connection;
  const types = new Set<string>([...TYPES, ...subscriptions.keys()]);
  const perType = <T>(value: (subscription: Subscription | undefined) => T) =>
    Object.fromEntries([...types].map((type) => [label(type), value(subscriptions.get(type))])) as Record<
      string,
      T
    >;
  return {
    proxy: proxy.id,
    pilot,
    connectedSince: new Date(connection.connectedAt).toISOString(),
    protocol: protocol.kind,
    status: perType(syncState),
    versions: perType((subscription) => (subscription ? stateVersion(subscription.held) : '')),
    revision: revisionHeld,
    ...(revision !== undefined && { holds: revisionHeld >= revision }),
    ...(connection.rejecting && lastError && { lastError: lastError.message }),
    rejected: [...subscriptions.values()].flatMap(rejectedOf),
    withdrawn: withdrawn.map(withdrawnConfig),
    heldEndpoints: removals.map(heldEndpoints),
  };
}

export function heldEndpoints({ since, until, ...removal }: HeldRemoval): HeldEndpoints {
  return { ...removal, since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}

export function label(type: string): string {
  return shortType(type).toUpperCase();
}

function syncState(subscription: Subscription | undefined): SyncState {
  if (!subscription?.started) return 'NOT SENT';
  if (subscription.rejected.size > 0) return 'NACK';
  if (!subscription.idle) return 'STALE';
  return subscription.answered || subscription.held.size > 0 ? 'SYNCED' : 'NOT SENT';
}

function rejectedOf({ type, rejected }: Subscription): RejectedResource[] {
  return [...rejected.values()].map(({ name, sources, message, at }) => {
    return { type: label(type), name, sources, message, since: new Date(at).toISOString() };
  });
}

export function withdrawnConfig({
  key,
  standIn,
  type,
  name,
  proxy,
  message,
  at,
}: Withdrawal): WithdrawnConfig {
  return {
    config: key,
    inForce: standIn ? 'last good form' : 'nothing',
    type: label(type),
    name,
    ...(proxy !== undefined && { proxy }),
    message,
    since: new Date(at).toISOString(),
  };
}
