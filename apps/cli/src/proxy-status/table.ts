import { columns } from '../table.js';
import type { HeldEndpoints, ProxyHolding, WithdrawnConfig } from './proxies-holding.js';

const TYPES = ['CDS', 'LDS', 'EDS', 'RDS', 'VHDS'] as const;

/** istioctl's columns: NAME, a column per type, PILOT, and the config revision that the proxy holds. */
export function formatTable(proxies: readonly ProxyHolding[]): string {
  const lines = columns([['NAME', ...TYPES, 'PILOT', 'REVISION'], ...proxies.map(row)]);
  const errors = proxies.flatMap(({ proxy, lastError }) =>
    lastError === undefined ? [] : [`${proxy}: ${lastError}`],
  );
  // Every proxy of a Pilot comes with all that this Pilot withdrew.
  const withdrawn = new Set(proxies.flatMap((proxy) => proxy.withdrawn.map(complaint)));
  const held = new Set(proxies.flatMap(({ heldEndpoints = [] }) => heldEndpoints.map(alarm)));
  return `${[...lines, ...errors, ...withdrawn, ...held].join('\n')}\n`;
}

function row({ proxy, pilot, status, revision }: ProxyHolding): string[] {
  const name = proxy.split('~')[2] ?? proxy;
  return [name, ...TYPES.map((type) => status[type] ?? 'NOT SENT'), pilot, String(revision)];
}

function complaint({ config, inForce, type, name, proxy, message, since }: WithdrawnConfig): string {
  const outcome = inForce === 'nothing' ? 'is left out' : `stays at its ${inForce}`;
  const reason = proxy === undefined ? "breaks a rule of Envoy's API" : `is refused by ${proxy}`;
  return `${config} ${outcome} since ${since}: with it ${type} '${name}' ${reason}: ${message}`;
}

function alarm({ registry, service, before, left, until }: HeldEndpoints): string {
  return `${service} has ${left} of ${before} endpoints left in ${registry}: the others stay in force until ${until}`;
}
