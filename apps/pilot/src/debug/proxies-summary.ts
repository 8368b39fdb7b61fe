import type { ProxyConnection } from '../push/proxy-connection.js';
import type { Withdrawal } from '../push/withdrawal/withdrawal.js';
import type { MissingSecret } from './missing-secrets.js';
import { label, withdrawnConfig, type WithdrawnConfig } from './proxy-status.js';

/** What one Pilot says of all its proxies in few words, however many they are. */
export interface ProxiesSummary {
  readonly pilot: string;
  readonly proxies: number;
  /** How many hold everything up to which revision, the newest first. */
  readonly held: readonly (readonly [revision: number, proxies: number])[];
  /** Config that proxies refuse, withdrawn or not (yet), each at most once. */
  readonly refused: readonly RefusedConfig[];
  /** Config whose secrets proxies ask for in vain. */
  readonly missing: readonly MissingSecret[];
}

/** What counts instead of a refused config is not decided where `inForce` is missing. */
export type RefusedConfig = Omit<WithdrawnConfig, 'inForce'> & Partial<Pick<WithdrawnConfig, 'inForce'>>;

/** An answer is one message of the bus. */
const MAX_REVISIONS = 1_000;
const MAX_REFUSED = 200;
const MAX_MESSAGE = 1_000;

export function proxiesSummary(
  connections: Iterable<ProxyConnection>,
  pilot: string,
  withdrawn: readonly Withdrawal[],
  missing: readonly MissingSecret[],
): ProxiesSummary {
  const held = new Map<number, number>();
  const refused = new Map<string, RefusedConfig>();
  for (const withdrawal of withdrawn) refused.set(withdrawal.key, withdrawnConfig(withdrawal));
  let proxies = 0;
  for (const connection of connections) {
    proxies += 1;
    const { revisionHeld, rejecting } = connection;
    held.set(revisionHeld, (held.get(revisionHeld) ?? 0) + 1);
    if (!rejecting) continue;
    for (const found of refusedOf(connection))
      if (!refused.has(found.config)) refused.set(found.config, found);
  }
  return {
    pilot,
    proxies,
    held: [...held].sort(([left], [right]) => right - left).slice(0, MAX_REVISIONS),
    refused: [...refused.values()].slice(0, MAX_REFUSED).map(cut),
    missing,
  };
}

/** Where several configs share in what is refused, none of them is to blame yet. */
function refusedOf({ subscriptions, proxy }: ProxyConnection): RefusedConfig[] {
  return [...subscriptions.values()].flatMap(({ type, rejected }) =>
    [...rejected.values()].flatMap(({ name, sources, message, at }) => {
      const [config, ...more] = sources;
      if (config === undefined || more.length > 0) return [];
      return [
        { config, type: label(type), name, proxy: proxy.id, message, since: new Date(at).toISOString() },
      ];
    }),
  );
}

function cut(refused: RefusedConfig): RefusedConfig {
  return { ...refused, message: refused.message.slice(0, MAX_MESSAGE) };
}
