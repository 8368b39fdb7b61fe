import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packageRoot } from '#common/binaries';
import {
  quartet,
  spawnProcess,
  startControlPlane,
  tempDir,
  type RunningControlPlane,
  type SpawnedProcess,
} from '#common/testing';
import { adminOf } from '../support/agent.js';

const filter = (name: string, namespace: string, rest: string, value: string): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  ${rest}
  configPatches:
  - applyTo: BOOTSTRAP
    patch: {operation: MERGE, value: ${value}}
---`;

const CONFIG = [
  filter(
    'flush',
    'istio-system',
    'priority: 0',
    '{stats_flush_interval: 7s, stats_config: {stats_tags: [{tag_name: mesh, fixed_value: m}]}}',
  ),
  filter('own', 'default', 'workloadSelector: {labels: {app: a}}', '{stats_flush_interval: 9s}'),
  filter('others', 'default', 'workloadSelector: {labels: {app: b}}', '{stats_flush_interval: 11s}'),
  // A listener without an address, which only Envoy refuses.
  filter('broken', 'default', 'priority: 1', '{static_resources: {listeners: [{name: nowhere}]}}'),
].join('');

interface Dump {
  readonly configs: readonly { readonly bootstrap?: Record<string, unknown> }[];
}

/** EnvoyFilters of the bootstrap, by what a real agent starts a real Envoy with. */
describe('the bootstrap of a proxy', () => {
  let plane: RunningControlPlane;
  beforeAll(async () => {
    const config = tempDir('q-config-');
    writeFileSync(join(config, 'filters.yaml'), CONFIG);
    plane = await startControlPlane({ config });
  }, 90_000);
  afterAll(async () => plane?.process.stop(15_000));

  async function startAgent(name: string, ...args: string[]): Promise<SpawnedProcess> {
    const made = await quartet(
      ...['token', 'create', '--namespace', 'default', '--service-account', name, '--state', plane.state],
    );
    const state = tempDir('q-agent-');
    const tokenFile = join(state, 'token');
    writeFileSync(tokenFile, made.stdout.trim(), { mode: 0o600 });
    const main = join(packageRoot(), 'dist/apps/agent/src/main.js');
    return spawnProcess(
      process.execPath,
      [
        ...[main, '--namespace', 'default', '--service-account', name, '--name', name],
        ...['--address', '127.0.0.1', '--labels', `app=${name}`, '--state', join(state, 'own'), '--json'],
        ...['--xds', plane.pilot.xdsTls, '--ca', plane.citadel.grpc, '--root', plane.citadel.rootCert],
        ...['--token-file', tokenFile, '--status-port', '0', '--admin-port', '0', ...args],
      ],
      { name: 'agent', env: process.env },
    );
  }

  async function bootstrapOf(agent: SpawnedProcess): Promise<Record<string, unknown>> {
    const admin = await adminOf(agent);
    const dump = (await (await fetch(`http://${admin}/config_dump?mask=bootstrap`)).json()) as Dump;
    return dump.configs.find(({ bootstrap }) => bootstrap)?.bootstrap ?? {};
  }

  it('has what EnvoyFilters of the mesh and of its namespace say, without what Envoy refuses', async () => {
    const agent = await startAgent('a', '--bootstrap-xds');
    const {
      stats_flush_interval: interval,
      stats_config: stats,
      static_resources: fixed,
    } = await bootstrapOf(agent);
    expect(interval).toBe('9s');
    expect(stats).toMatchObject({
      stats_tags: expect.arrayContaining([{ tag_name: 'mesh', fixed_value: 'm' }]),
    });
    expect((stats as { stats_tags: unknown[] }).stats_tags.length).toBeGreaterThan(1);
    expect(JSON.stringify(fixed)).not.toContain('nowhere');
    expect(agent.logs()).toMatch(/"source":"networking.istio.io\/EnvoyFilter\/default\/broken"/);
    await agent.stop();
  }, 90_000);

  it("is the agent's own where it is not told to ask", async () => {
    const agent = await startAgent('a');
    expect(await bootstrapOf(agent)).not.toHaveProperty('stats_flush_interval');
    await agent.stop();
  }, 90_000);
});
