import type { ProxyConnection } from '../push/proxy-connection.js';
import { proxyHolding, type AboutPilot, type ProxyHolding } from './proxy-status.js';

/** What `pilot.proxies.holding` asks. */
export interface HoldingQuestion {
  readonly revision?: unknown;
  /**
   * To go on: by the name of a Pilot, the last proxy of its page before. Pilots that are not named have nothing more to
   * say. Without it everybody begins.
   */
  readonly after?: unknown;
}

/** Of an answer, as JSON: it is one message of the bus, which takes 1 MB. */
const PAGE_BYTES = 500_000;
/** Of what a proxy comes with, in each list. */
const MAX_ITEMS = 50;
const MAX_MESSAGE = 1_000;

/** As many proxies as one answer takes, in the order of their node ids; none where there are no more. */
export function holdingPage(
  connections: Iterable<ProxyConnection>,
  about: AboutPilot,
  { revision, after }: HoldingQuestion = {},
): ProxyHolding[] {
  const from = startOf(after, about.pilot);
  if (from === undefined) return [];
  const asked = typeof revision === 'number' && Number.isFinite(revision) ? revision : undefined;
  const left = [...connections].filter(({ proxy }) => proxy.id > from).sort(byId);
  const page: ProxyHolding[] = [];
  for (let bytes = 0; page.length < left.length && bytes < PAGE_BYTES;) {
    const holding = bounded(proxyHolding(left[page.length]!, about, asked));
    bytes += Buffer.byteLength(JSON.stringify(holding));
    page.push(holding);
  }
  return page;
}

function startOf(after: unknown, pilot: string): string | undefined {
  if (typeof after !== 'object' || after === null) return '';
  const from = Object.hasOwn(after, pilot) ? (after as Record<string, unknown>)[pilot] : undefined;
  return typeof from === 'string' ? from : undefined;
}

function byId({ proxy: a }: ProxyConnection, { proxy: b }: ProxyConnection): number {
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

function bounded(holding: ProxyHolding): ProxyHolding {
  const short = <T extends { readonly message: string }>(list: readonly T[]): T[] =>
    list.slice(0, MAX_ITEMS).map((each) => ({ ...each, message: each.message.slice(0, MAX_MESSAGE) }));
  const { rejected, withdrawn, heldEndpoints } = holding;
  return {
    ...holding,
    rejected: short(rejected),
    withdrawn: short(withdrawn),
    heldEndpoints: heldEndpoints.slice(0, MAX_ITEMS),
  };
}
