import type { ProxyHolding } from './proxy-status.js';

const TYPES = ['CDS', 'LDS', 'EDS', 'RDS', 'VHDS'] as const;

/** istioctl's columns: NAME, a column per type, PILOT, and the config revision that the proxy holds. */
export function formatTable(proxies: readonly ProxyHolding[]): string {
  const rows = [['NAME', ...TYPES, 'PILOT', 'REVISION'], ...proxies.map(row)];
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
  const errors = proxies.flatMap(({ proxy, lastError }) =>
    lastError === undefined ? [] : [`${proxy}: ${lastError}`],
  );
  return `${[...lines, ...errors].join('\n')}\n`;
}

function row({ proxy, pilot, status, revision }: ProxyHolding): string[] {
  const name = proxy.split('~')[2] ?? proxy;
  return [name, ...TYPES.map((type) => status[type] ?? 'NOT SENT'), pilot, String(revision)];
}
