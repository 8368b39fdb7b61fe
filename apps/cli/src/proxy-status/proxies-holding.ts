import type { NatsConnection } from '@nats-io/transport-node';
import { requestAll } from '#common/nats';

/** How long to collect the Pilots' answers. A Pilot that does not answer in time is missing from the table. */
export const COLLECT_MS = 1_000;

/** What one Pilot answers to `pilot.proxies.holding` about one proxy. */
export interface ProxyHolding {
  readonly proxy: string;
  readonly pilot: string;
  /** By type (`CDS`, `LDS`, `EDS`, `RDS`, ...): SYNCED, STALE, NOT SENT or NACK. */
  readonly status: Readonly<Record<string, string>>;
  readonly revision: number;
  readonly lastError?: string;
  /** Config that this Pilot withdrew, because a proxy refused what came of it. */
  readonly withdrawn: readonly WithdrawnConfig[];
  /** Endpoints that a registry no longer has, and that this Pilot keeps for now. */
  readonly heldEndpoints?: readonly HeldEndpoints[];
}

export interface HeldEndpoints {
  readonly registry: string;
  readonly service: string;
  readonly before: number;
  readonly left: number;
  /** RFC 3339. */
  readonly until: string;
}

export interface WithdrawnConfig {
  readonly config: string;
  readonly inForce: 'last good form' | 'nothing';
  readonly type: string;
  readonly name: string;
  readonly proxy?: string;
  readonly message: string;
  /** RFC 3339. */
  readonly since: string;
}

/** What each Pilot says of its proxies: a page at a time, until nobody has more to say. */
export async function proxiesHolding(connection: NatsConnection): Promise<ProxyHolding[][]> {
  const ask = (after?: Readonly<Record<string, string>>, max?: number): Promise<ProxyHolding[][]> => {
    const bounds = { timeoutMs: COLLECT_MS, ...(max !== undefined && { max }) };
    return requestAll<ProxyHolding[]>(connection, 'pilot.proxies.holding', { after }, bounds);
  };
  const answers = await ask();
  const pilots = answers.length;
  for (let pages = answers; ;) {
    const last = pages.flatMap((page) => page.at(-1) ?? []);
    if (last.length === 0) return answers;
    pages = await ask(Object.fromEntries(last.map(({ pilot, proxy }) => [pilot, proxy])), pilots);
    answers.push(...pages);
  }
}
