import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { translate } from '#app/pilot';
import type { TranslationRequest } from '#app/pilot';
import { packageRoot } from '#common/binaries';
import { KubeClient, KubeError, readKubeconfig, resourcePath } from '#common/kube';
import { describeKubernetes, startKubernetes, tempDir, until } from '#common/testing';
import type { RunningKubernetes } from '#common/testing';
import { decodeContent, encodeContent, KINDS, MESH_TYPES } from '#config';
import type { Resource } from '#config';
import { accountOf } from '../../../../test/kubernetes/support/accounts.js';
import { installDefinitions } from '../../../../test/kubernetes/support/definitions.js';
import { startGalley, stopGalleys } from '../pipeline.rig.js';
import type { GalleyRig } from '../pipeline.rig.js';

jest.setTimeout(900_000);

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly creationTimestamp?: string;
  };
}

interface ProxyFile {
  readonly id: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly environment?: TranslationRequest['environment'];
}

let kubernetes: RunningKubernetes;
let cluster: GalleyRig;

const TESTDATA = join(packageRoot(), 'apps/pilot/testdata');
const cases = readdirSync(TESTDATA).filter((name) => existsSync(join(TESTDATA, name, 'input.yaml')));

function manifestsIn(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest): manifest is Manifest => manifest !== null);
}

/** Every manifest of a kind that Galley reads, with its namespace. */
function readManifests(file: string): Manifest[] {
  return manifestsIn(file).flatMap((manifest) =>
    pathOf(manifest) === undefined
      ? []
      : [{ ...manifest, metadata: { namespace: 'default', ...manifest.metadata } }],
  );
}

function pathOf({ apiVersion, kind, metadata: { namespace = 'default' } }: Manifest): string | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  if (kind === 'ConfigMap') return resourcePath({ group, version, plural: 'configmaps' }, namespace);
  const type = KINDS.find((known) => known.group === group && known.kind === kind);
  return type && resourcePath({ group, version, plural: type.plural }, namespace);
}

function resourcesOf({ writer }: GalleyRig): Map<string, Resource> {
  return new Map([...writer.state.resources].map(([key, { content }]) => [key, decodeContent(key, content)]));
}

/** What the API server decides for itself: when an object was made. */
function withTimesOf(
  resources: ReadonlyMap<string, Resource>,
  times: ReadonlyMap<string, Resource>,
): Resource[] {
  return [...resources.values()]
    .map((resource) => ({ ...resource, creationTimestamp: times.get(resource.key)?.creationTimestamp ?? '' }))
    .sort((left, right) => (left.key < right.key ? -1 : 1));
}

const encoded = (resources: readonly Resource[]): string[] =>
  resources.map((resource) => `${resource.key} ${encodeContent(resource)}`);

/** Where the object is; nowhere where the API server refuses what Galley refuses as well. */
async function create(manifest: Manifest, files: ReadonlyMap<string, Resource>): Promise<string | undefined> {
  const path = pathOf(manifest)!;
  const { kind, metadata } = manifest;
  const isAccepted = [...files.values()].some(
    (resource) => resource.kind === kind && resource.name === metadata.name,
  );
  try {
    await kubernetes.client.send('POST', path, { body: manifest });
    return `${path}/${metadata.name}`;
  } catch (error) {
    if (!isAccepted && error instanceof KubeError && error.status === 422) return undefined;
    throw error;
  }
}

/** The same config from files, once through Galley. */
async function filesGive(name: string): Promise<Map<string, Resource>> {
  const root = tempDir();
  writeFileSync(join(root, 'input.yaml'), readFileSync(join(TESTDATA, name, 'input.yaml'), 'utf8'));
  const rig = await startGalley(root);
  const resources = resourcesOf(rig);
  await rig.stop();
  return resources;
}

describeKubernetes('the two sources of config', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installDefinitions(kubernetes);
    const namespaces = new Set(
      cases.flatMap((name) =>
        readManifests(join(TESTDATA, name, 'input.yaml')).map(({ metadata }) => metadata.namespace!),
      ),
    );
    for (const name of namespaces) {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await kubernetes.client.send('POST', '/api/v1/namespaces', { body }).catch((error: unknown) => {
        if (!(error instanceof KubeError && error.status === 409)) throw error;
      });
    }
    const client = new KubeClient(readKubeconfig(await accountOf(kubernetes, 'galley')));
    cluster = await startGalley(undefined, undefined, { client, name: 'test' });
  }, 180_000);
  afterAll(async () => {
    await stopGalleys();
    await kubernetes?.stop();
  });

  it('have Pilot generate the same, in every golden case', async () => {
    let compared = 0;
    for (const name of cases) {
      const files = await filesGive(name);
      const paths = await Promise.all(
        readManifests(join(TESTDATA, name, 'input.yaml')).map((manifest) => create(manifest, files)),
      );
      const wanted = encoded(withTimesOf(files, files));
      const held = (): string[] => encoded(withTimesOf(resourcesOf(cluster), files));
      const same = (): boolean => JSON.stringify(held()) === JSON.stringify(wanted);
      await until(same, { timeout: 30_000 }).catch(() =>
        expect({ name, held: held() }).toEqual({ name, held: wanted }),
      );
      const {
        id,
        metadata = {},
        environment = {},
      } = parse(readFileSync(join(TESTDATA, name, 'proxy.yaml'), 'utf8')) as ProxyFile;
      const generated = (resources: readonly Resource[]) =>
        translate({ resources, proxyNodeId: id, metadata, environment });
      const fromFiles = generated(withTimesOf(files, files));
      expect(fromFiles.ok).toBe(true);
      expect(generated(withTimesOf(resourcesOf(cluster), files))).toEqual(fromFiles);
      compared += files.size;
      const made = paths.filter((path) => path !== undefined);
      await Promise.all(made.map(async (path) => kubernetes.client.send('DELETE', path)));
      await until(() => cluster.writer.state.resources.size === 0, {
        timeout: 30_000,
        what: `the end of ${name}`,
      });
    }
    expect(cases.length).toBeGreaterThan(100);
    expect(compared).toBeGreaterThan(500);
  });

  it('follow what kubectl does with every kind', async () => {
    const attributes = { attributes: { 'source.color': { valueType: 'STRING' } } };
    const manifest = {
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'attributemanifest',
      metadata: { name: 'a' },
      spec: attributes,
    };
    const samples = readdirSync(join(packageRoot(), 'samples'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => join(packageRoot(), 'samples', file));
    const inputs = cases.map((name) => join(TESTDATA, name, 'input.yaml'));
    const all = [...[...samples, ...inputs].flatMap(readManifests), manifest];
    const ofEach = KINDS.map(({ kind }) => all.find((found) => found.kind === kind)!);
    expect(ofEach.filter(Boolean)).toHaveLength(KINDS.length);
    const text = ofEach
      .map(({ apiVersion, kind, ...rest }) => {
        const metadata = { name: kind.toLowerCase(), namespace: 'default' };
        return stringify({ apiVersion, kind, metadata, spec: (rest as { spec?: unknown }).spec });
      })
      .join('---\n');
    const kubectl = async (...args: string[]): Promise<void> => {
      const { code, stderr } = await kubernetes.kubectl(args, text);
      expect({ code, stderr }).toMatchObject({ code: 0 });
    };
    await kubectl('apply', '-f', '-');
    const held = (): Resource[] => [...resourcesOf(cluster).values()];
    await until(() => held().length === KINDS.length, { timeout: 30_000 }).catch(() =>
      expect(
        held()
          .map(({ kind }) => kind)
          .sort(),
      ).toEqual(KINDS.map(({ kind }) => kind).sort()),
    );
    await kubectl('label', '-f', '-', 'edited=yes');
    await until(() => held().every(({ labels }) => labels.edited === 'yes'), { timeout: 30_000 });
    await kubectl('delete', '-f', '-', '--wait=false');
    await until(() => held().length === 0, { timeout: 30_000 });
    expect(MESH_TYPES.length).toBeGreaterThan(KINDS.length);
  });
});
