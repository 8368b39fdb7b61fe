import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '#common/binaries';
import { KubeError, resourcePath } from '#common/kube';
import { describeKubernetes, quartet, startKubernetes, until } from '#common/testing';
import type { RunningKubernetes } from '#common/testing';
import { canonicalJson, MESH_TYPES, readConfig } from '#config';
import { definitionsServed } from './support/definitions.js';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: unknown;
}

let kubernetes: RunningKubernetes;

/** Every manifest of a mesh type in Pilot's golden cases, with the name of its case. */
function goldenManifests(): { name: string; manifest: Manifest }[] {
  const folder = join(packageRoot(), 'apps/pilot/testdata');
  const inputs = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'input.yaml')));
  return inputs.flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name, 'input.yaml'), 'utf8'))
      .map((document) => document.toJS() as Manifest | null)
      .filter((manifest): manifest is Manifest => manifest !== null && typeOf(manifest) !== undefined)
      .map((manifest) => ({ name, manifest })),
  );
}

function typeOf({ apiVersion, kind }: Manifest) {
  const [group = '', version = ''] = apiVersion.split('/');
  const type = MESH_TYPES.find((known) => known.group === group && known.kind === kind);
  return type && { ...type, version };
}

/** What Galley makes of a manifest; undefined where it refuses it. */
function reading(manifest: object): string | undefined {
  const { resources } = readConfig([{ path: 'a.yaml', text: JSON.stringify(manifest) }]);
  const [found] = resources.values();
  return found && canonicalJson(found.resource.spec);
}

/** Has the API server look at a manifest, without keeping it: what it would store, or why not. */
async function tryOut(manifest: Manifest): Promise<Manifest> {
  const type = typeOf(manifest)!;
  const namespace = type.scope === 'Cluster' ? undefined : 'default';
  const { name } = manifest.metadata;
  const body = { ...manifest, metadata: { name, ...(namespace && { namespace }) } };
  const query = { dryRun: 'All', fieldValidation: 'Strict' };
  const path = resourcePath(type, namespace);
  return (await kubernetes.client.send<Manifest>('POST', path, { body, query })).body;
}

const manifest = (apiVersion: string, kind: string, spec: object, name = 'a'): Manifest => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
});

describeKubernetes('the definitions of all kinds', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const { stdout } = await quartet('manifest', 'generate', '--component', 'base');
    const applied = await kubernetes.kubectl(['apply', '--server-side', '-f', '-'], stdout);
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    await definitionsServed(kubernetes);
  }, 240_000);
  afterAll(() => kubernetes?.stop());

  it('let every manifest of the golden cases through, unchanged', async () => {
    const cases = goldenManifests().filter(({ manifest: found }) => reading(found) !== undefined);
    expect(cases.length).toBeGreaterThan(200);
    const refused: string[] = [];
    for (const { name, manifest: found } of cases) {
      try {
        const stored = await tryOut(found);
        if (reading(stored) !== reading(found)) refused.push(`${name}: ${found.kind} was changed`);
      } catch (error) {
        refused.push(`${name}: ${(error as Error).message}`);
      }
    }
    expect(refused).toEqual([]);
  }, 240_000);

  it.each([
    [
      'a field that there is not',
      'VirtualService',
      { hosts: ['a'], hots: ['b'] },
      'unknown field "spec.hots"',
    ],
    [
      'a word that is none of the mode',
      'PeerAuthentication',
      { mtls: { mode: 'ON' } },
      'Unsupported value: "ON"',
    ],
    ['no hosts', 'ServiceEntry', {}, 'must have at least one host'],
    [
      'endpoints twice',
      'ServiceEntry',
      { hosts: ['a.b'], workloadSelector: {}, endpoints: [{}] },
      'only one of',
    ],
    ['no host', 'DestinationRule', { subsets: [] }, 'a destination rule needs a host'],
    [
      'mTLS of a port without a selector',
      'PeerAuthentication',
      { portLevelMtls: { 80: {} } },
      'needs a selector',
    ],
    [
      'a time that is none',
      'VirtualService',
      { hosts: ['a'], http: [{ timeout: 'soon' }] },
      'spec.http[0].timeout',
    ],
  ])('have the API server itself refuse %s', async (_what, kind, spec, message) => {
    const group = kind === 'PeerAuthentication' ? 'security.istio.io/v1' : 'networking.istio.io/v1';
    await expect(tryOut(manifest(group, kind, spec))).rejects.toThrow(message);
  });

  it('keep what is only kept, and let there be one of what there is one of', async () => {
    const spec = { peers: [{ mtls: {} }], anything: [1] };
    const policy = manifest('authentication.istio.io/v1alpha1', 'MeshPolicy', spec, 'default');
    expect((await tryOut(policy)).spec).toEqual(spec);
    await expect(tryOut({ ...policy, metadata: { name: 'other' } })).rejects.toThrow(KubeError);
  });

  it('serve each version of what another one stored, and show columns', async () => {
    const older = manifest(
      'networking.istio.io/v1alpha3',
      'VirtualService',
      { hosts: ['reviews'] },
      'reviews',
    );
    const applied = await kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(older));
    expect(applied.stdout).toBe('virtualservice.networking.istio.io/reviews created\n');
    const path = resourcePath(
      { group: 'networking.istio.io', version: 'v1', plural: 'virtualservices' },
      'default',
    );
    const newer = await kubernetes.client.get<Manifest>(`${path}/reviews`);
    expect(newer).toMatchObject({ apiVersion: 'networking.istio.io/v1', spec: { hosts: ['reviews'] } });
    const status = { status: { conditions: [{ type: 'Accepted', status: 'True' }] } };
    await kubernetes.client.send('PATCH', `${path}/reviews/status`, {
      body: status,
      contentType: 'application/merge-patch+json',
    });
    const table = await until(async () => (await kubernetes.kubectl(['get', 'vs'])).stdout);
    expect(table).toMatch(/^NAME +GATEWAYS +HOSTS +ACCEPTED +AGE\nreviews +\["reviews"\] +True/);
  });
});
