import { createHash } from 'node:crypto';
import { percentile } from './statistics.js';

/**
 * How much CPU this machine, in the state that it is in, takes for a fixed piece of work of the sort that Pilot does, in
 * milliseconds: CPU of Pilot divided by it can be compared over machines, and over their neighbours' loads.
 */
export function calibrate(): number {
  const runs = Array.from({ length: 7 }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  });
  return percentile(runs.slice(2), 0.5);
}

function work(): void {
  const seen = new Map<string, string>();
  for (let n = 0; n < 20_000; n++) {
    const text = JSON.stringify({ name: `svc-${n}`, ports: [n, n + 1], labels: { app: String(n % 100) } });
    seen.set(createHash('sha256').update(text).digest('base64url'), text);
  }
  if (seen.size !== 20_000) throw new Error('hashes collide');
}
