import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { parseAllDocuments, stringify } from 'yaml';
import { authorizationConfig, type NatsRole } from '#common/nats';
import { describeKubernetes, helm, tempDir } from '#common/testing';
import { PERMISSIONS } from '../../apps/cli/src/manifest/permissions.js';
import { CHART, NAMESPACE } from './support/installation.js';

jest.setTimeout(60_000);

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly replicas?: number };
}

/** What the chart says to the given settings. @throws what helm complains of */
async function render(...settings: string[]): Promise<Manifest[]> {
  const args = settings.flatMap((setting) => ['--set', setting]);
  const { code, stdout, stderr } = await helm(
    ['template', 'quartet', CHART, '-n', NAMESPACE, ...args],
    tempDir(),
  );
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

const names = (manifests: readonly Manifest[], kind: string): string[] =>
  manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name);

describe("the bus's authorization in the chart", () => {
  it('is what the services need, and what quartet up gives them', () => {
    const roles: readonly NatsRole[] = ['galley', 'pilot', 'citadel', 'mixer'];
    const users = roles.map((role) => ({ name: role, role, proof: { certificate: `CN=${role}` } }));
    const file = join(CHART, 'files/nats-authorization.conf');
    const text = `${authorizationConfig(users)}\n`;
    if (process.env.UPDATE_GOLDENS) writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe("the services' permissions in the chart", () => {
  it('are what their code needs', () => {
    const file = join(CHART, 'files/permissions.yaml');
    const text = stringify(PERMISSIONS, { aliasDuplicateObjects: false });
    if (process.env.UPDATE_GOLDENS) writeFileSync(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describeKubernetes('the chart', () => {
  it('has nothing that helm lint complains of', async () => {
    const { code, stdout } = await helm(['lint', '--strict', CHART, '-n', NAMESPACE], tempDir());
    expect({ code, stdout }).toMatchObject({ code: 0 });
  });

  it('makes a Deployment of every service, each with replicas of its own', async () => {
    const manifests = await render('pilot.replicas=3', 'citadel.replicas=1');
    const deployments = ['istio-citadel', 'istio-galley', 'istio-pilot', 'istio-policy', 'istio-telemetry'];
    expect(names(manifests, 'Deployment').sort()).toEqual(deployments);
    const replicas = (name: string) =>
      manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name)?.spec?.replicas;
    expect(deployments.map(replicas)).toEqual([1, 2, 3, 2, 2]);
    // One replica has nothing to be spared.
    expect(names(manifests, 'PodDisruptionBudget')).not.toContain('istio-citadel');
  });

  it('leaves out what is not wanted, and tells the mesh', async () => {
    const manifests = await render(
      'mixerPolicy.enabled=false',
      'nats.enabled=false',
      'nats.url=tls://bus:4222',
    );
    expect(names(manifests, 'Deployment')).not.toContain('istio-policy');
    expect(names(manifests, 'StatefulSet')).toEqual([]);
    const mesh = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'istio');
    expect(mesh?.data?.mesh).toContain('disablePolicyChecks: true');
  });

  it('lets Pilot read the Secrets of the namespaces that are named, as it is told', async () => {
    const args = (manifests: Manifest[]): string =>
      JSON.stringify(manifests.filter(({ kind }) => kind === 'Deployment'));
    const secretRoles = (manifests: Manifest[]): string[] =>
      ['Role', 'ClusterRole']
        .flatMap((kind) => names(manifests, kind))
        .filter((name) => name.includes('pilot-secrets'));
    const own = await render();
    expect(args(own)).toContain('"--secret-namespaces","istio-system"');
    expect(secretRoles(own)).toEqual([]);
    const two = await render('gatewaySecrets.namespaces={edge,istio-system,inner}');
    expect(args(two)).toContain('"--secret-namespaces","istio-system,edge,inner"');
    expect(secretRoles(two)).toEqual(['istio-pilot-secrets', 'istio-pilot-secrets']);
    const all = await render('gatewaySecrets.namespaces={*}');
    expect(args(all)).toContain('"--secret-namespaces","*"');
    expect(secretRoles(all)).toEqual(['istio-pilot-secrets-istio-system']);
  });

  it.each([
    ['a bus that is nowhere', 'nats.enabled=false', /nats.url says where/],
    ['replicas that no majority can be had of', 'nats.replicas=2', /replicas/],
    ['a setting that there is not', 'pilots.replicas=2', /pilots/],
  ])('refuses %s', async (_what, setting, complaint) => {
    await expect(render(setting)).rejects.toThrow(complaint);
  });
});
