import type { ConnectRow, EditRow } from './edit.js';
import type { EnvoyResult } from './envoys.js';

export function editTable(rows: readonly EditRow[]): string {
  const head = ['change', 'proxies', 'services', 'p50 ms', 'p99 ms', 'last ms', 'CPU ms/edit', 'bytes/proxy'];
  const cells = rows.map(({ change, proxies, services, p50, p99, last, cpu, bytesPerProxy }) => [
    ...[change, String(proxies), String(services)],
    ...[p50, p99, last, cpu].map((value) => value.toFixed(1)),
    bytesPerProxy.toFixed(0),
  ]);
  return table([head, ...cells]);
}

export function connectTable(rows: readonly ConnectRow[]): string {
  const head = ['connect', 'seconds', 'CPU s', 'MB received/proxy', 'MB memory/proxy'];
  const cells = rows.map(({ proxies, seconds, cpuSeconds, receivedMbPerProxy, mbPerProxy }) => [
    String(proxies),
    ...[seconds, cpuSeconds, receivedMbPerProxy, mbPerProxy].map((value) => value.toFixed(2)),
  ]);
  return table([head, ...cells]);
}

export function envoyTable({ rows, requests, edits, envoys, seconds }: EnvoyResult): string {
  const head = ['change', 'samples', 'p50 ms', 'p99 ms', 'slowest ms'];
  const cells = rows.map(({ change, samples, p50, p99, slowest }) => [
    ...[change, String(samples)],
    ...[p50, p99, slowest].map((value) => value.toFixed(1)),
  ]);
  const { sent, failed, failures } = requests;
  const load = `${edits} edits on ${envoys} Envoys in ${seconds.toFixed(0)} s: ${sent} requests, ${failed} failed`;
  return [table([head, ...cells]), load, ...failures, ''].join('\n');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '));
  return `${lines.join('\n')}\n`;
}
