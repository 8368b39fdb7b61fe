import type { ConnectRow, EditRow } from './edit.js';
import type { EnvoyResult } from './envoys.js';
import type { GrowthExponent, GrowthRow } from './growth.js';
import type { SourceRow } from './sources.js';

export function editTable(rows: readonly EditRow[]): string {
  const head = ['change', 'proxies', 'reached', 'services', 'p50 ms', 'p99 ms', 'last ms'];
  const costs = ['CPU ms/edit', 'bytes/proxy'];
  const cells = rows.map(({ change, proxies, reached, services, p50, p99, last, cpu, bytesPerProxy }) => [
    ...[change, String(proxies), String(reached), String(services)],
    ...[p50, p99, last, cpu].map((value) => value.toFixed(1)),
    bytesPerProxy.toFixed(0),
  ]);
  return table([[...head, ...costs], ...cells]);
}

export function connectTable(rows: readonly ConnectRow[]): string {
  const head = ['connect', 'services', 'seconds', 'CPU s', 'MB received/proxy', 'MB memory/proxy'];
  const cells = rows.map(
    ({ proxies, services, seconds, cpuSeconds, receivedMbPerProxy, mbPerProxy, idle }) => [
      ...[String(proxies), String(services)],
      ...[seconds, cpuSeconds, receivedMbPerProxy, mbPerProxy].map((value) => value.toFixed(2)),
      idle.toFixed(1),
    ],
  );
  return table([[...head, 'idle ms/s'], ...cells]);
}

export function growthTable(rows: readonly GrowthRow[]): string {
  const head = ['CPU ms/edit', 'services', 'Pilot', 'world and caches', 'config log'];
  const cells = rows.map(({ change, services, pilot, caches, configLog }) => [
    ...[change, String(services), pilot.toFixed(2), caches.toFixed(3), configLog.toFixed(2)],
  ]);
  return table([head, ...cells]);
}

export function exponentTable(rows: readonly GrowthExponent[]): string {
  const head = ['exponent of growth', 'Pilot', 'world and caches', 'config log'];
  const cells = rows.map(({ change, pilot, caches, configLog }) => [
    change,
    ...[pilot, caches, configLog].map((value) => value.toFixed(2)),
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

export function sourceTable(rows: readonly SourceRow[]): string {
  const head = [
    'source',
    'change',
    'until',
    'proxies',
    'services',
    'p50 ms',
    'p99 ms',
    'Galley ms',
    'Pilot ms',
  ];
  const cells = rows.map(({ source, change, until, proxies, services, p50, p99, galley, pilot }) => [
    ...[source, change, until, String(proxies), String(services)],
    ...[p50, p99, galley, pilot].map((value) => value.toFixed(1)),
  ]);
  return table([head, ...cells]);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  '));
  return `${lines.join('\n')}\n`;
}
