import type { Diagnostic } from '#config';
import type { World } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';

/**
 * A proxy without a WORKLOAD_ENTRY is known by its address; where several WorkloadEntries of its namespace have that,
 * the oldest is taken for it.
 */
export function ambiguousWorkload(world: World, proxy: Proxy): Diagnostic[] {
  const [taken, ...others] = world.view(() => undefined).workloads(proxy);
  if (!taken || others.length === 0) return [];
  const names = others.map(({ name }) => name).join(', ');
  const diagnostic: Diagnostic = {
    code: 'QT2001',
    level: 'Warning',
    message: `proxy ${proxy.id} is taken for ${taken.name}: ${names} have its address too; its node metadata should name its WORKLOAD_ENTRY`,
    path: 'spec.address',
    origin: world.origin(taken.key) ?? { file: '', line: 0 },
    resource: taken.key,
  };
  return [diagnostic];
}
