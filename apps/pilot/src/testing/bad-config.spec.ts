import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Diagnostic, Resource } from '#config';
import { encodeContent, findKind, readConfig } from '#config';
import { generateAll } from '../generate/generate-all.js';
import { proxyFromNode } from '../model/node.js';
import type { Proxy } from '../model/proxy.js';
import { worldOf } from '../translate.js';
import type { Mistake } from './mistakes.js';
import { allMistakes } from './mistakes.js';
import { randomMeshes } from './random-mesh.js';

/** Whatever somebody gets wrong in one resource: all others are served as if it were not there. */
const SEED = 20261125;
const MISTAKES = allMistakes();

function manifest({ group, kind, namespace, name, creationTimestamp, spec }: Resource): string {
  if (kind === 'MeshConfig')
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace: 'istio-system' },
      data: { mesh: JSON.stringify(spec) },
    });
  const apiVersion = `${group}/${findKind(group, kind)?.versions[0]}`;
  return JSON.stringify({ apiVersion, kind, metadata: { name, namespace, creationTimestamp }, spec });
}

interface Outcome {
  readonly resources: readonly Resource[];
  readonly errors: readonly Diagnostic[];
}

/** One file with everything, the bad document in the middle of the good ones. */
function read(mesh: readonly Resource[], mistake?: Mistake): Outcome {
  const documents = mesh.map(manifest);
  if (mistake) documents.splice(mesh.length >> 1, 0, mistake.document);
  const { resources, diagnostics } = readConfig([{ path: 'mesh.yaml', text: documents.join('\n---\n') }]);
  return {
    resources: [...resources.values()].map(({ resource }) => resource),
    errors: diagnostics.filter(({ level }) => level === 'Error'),
  };
}

const contents = ({ resources }: Outcome): string[] => resources.map(encodeContent).sort();

const PROXIES = [
  ['sidecar~10.0.0.1~a.default~default.svc.cluster.local', { LABELS: { app: 'a' } }],
  [
    'sidecar~10.0.0.2~b.backend~backend.svc.cluster.local',
    { INTERCEPTION_MODE: 'NONE', HTTP_PROXY_PORT: '15080' },
  ],
  ['router~10.0.0.3~gateway.default~default.svc.cluster.local', { LABELS: { istio: 'gateway' } }],
] as const;

function proxies(): Proxy[] {
  return PROXIES.map(([id, metadata]) => {
    const node = proxyFromNode({ id, cluster: '', metadata });
    if (!node.ok) throw new Error(node.error);
    return node.proxy;
  });
}

/** Every byte that the proxies would get. */
function bytes({ resources }: Outcome): string[] {
  const world = worldOf(resources);
  return proxies().flatMap((proxy) =>
    [...generateAll(world, proxy)].flatMap(([type, list]) =>
      list.map(({ name, value }) => `${type} ${name} ${Buffer.from(value).toString('base64')}`),
    ),
  );
}

describe('one bad resource', () => {
  let meshes: Resource[][] = [];
  // A mesh has one MeshConfig: a bad second one is another matter than a bad first.
  beforeAll(() => {
    const unnamed = randomMeshes.map((mesh) => mesh.filter(({ kind }) => kind !== 'MeshConfig'));
    meshes = fc.sample(unnamed, { numRuns: 20, seed: SEED });
  });

  it('stands among many that are accepted', () => {
    const accepted = meshes.reduce((sum, mesh) => sum + read(mesh).resources.length, 0);
    const written = meshes.reduce((sum, mesh) => sum + mesh.length, 0);
    expect(accepted / written).toBeGreaterThan(0.5);
  });

  it('can be got wrong in a great many ways', () => {
    expect(MISTAKES.length).toBeGreaterThan(300);
    expect(new Set(MISTAKES.map(({ kind }) => kind.kind)).size).toBeGreaterThanOrEqual(9);
  });

  it('is refused, and the rest accepted, whatever is wrong with it', () => {
    const lost = MISTAKES.filter((mistake, index) => {
      const mesh = meshes[index % meshes.length] ?? [];
      const [without, with_] = [read(mesh), read(mesh, mistake)];
      const told = with_.errors.length > without.errors.length;
      return !told || contents(with_).join('\n') !== contents(without).join('\n');
    });
    expect(lost.map(({ kind, what }) => `${kind.kind}: ${what}`)).toEqual([]);
  });

  it('changes no byte of what any proxy gets', () => {
    const mistakes = fc.constantFrom(...MISTAKES);
    fc.assert(
      fc.property(randomMeshes, mistakes, (mesh, mistake) => {
        fc.pre(mistake.kind.kind !== 'MeshConfig' || mesh.every(({ kind }) => kind !== 'MeshConfig'));
        expect(bytes(read(mesh, mistake))).toEqual(bytes(read(mesh)));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});
