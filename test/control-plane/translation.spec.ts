import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateAll, proxyFromNode, TYPE, worldOf, type Translation, type TypeUrl } from '#app/pilot';
import { packageRoot } from '#common/binaries';
import { messageToJson, type JsonObject } from '#common/proto/json';
import { envoyAccepts, quartet, startControlPlane, tempDir, type RunningControlPlane } from '#common/testing';
import { readConfig, type LocatedResource, type WorkloadEntry } from '#config';
import { readConfigFiles } from '../../apps/cli/src/offline/files.js';
import { staticBootstrap } from '../../apps/pilot/src/testing/static-bootstrap.js';
import { fetchResources, type Resources } from '../support/ads-client.js';

/** A proxy as its agent introduces it. */
interface Node {
  readonly id: string;
  readonly metadata: Record<string, unknown>;
}

function nodeOf({ resource }: LocatedResource): Node {
  const { name, namespace, spec, labels } = resource as LocatedResource['resource'] & { spec: WorkloadEntry };
  const type = labels['istio'] === 'ingressgateway' ? 'router' : 'sidecar';
  return {
    id: `${type}~${spec.address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    metadata: { NAMESPACE: namespace, LABELS: labels, WORKLOAD_ENTRY: name, INTERCEPTION_MODE: 'NONE' },
  };
}

function toStruct(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  const fields = Object.entries(value as object).map(([key, member]) => [key, toStruct(member)]);
  return { structValue: { fields: Object.fromEntries(fields) } };
}

function wireNode({ id, metadata }: Node) {
  const { structValue } = toStruct(metadata) as { structValue: { fields: Record<string, object> } };
  return { id, cluster: '', metadata: structValue };
}

function decoded(resources: Resources): Translation {
  const list = (type: TypeUrl): JsonObject[] =>
    [...(resources.get(type) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, value]) => messageToJson(type.slice(type.indexOf('/') + 1), value));
  return {
    listeners: list(TYPE.listener),
    routes: list(TYPE.route),
    clusters: list(TYPE.cluster),
    endpoints: list(TYPE.endpoint),
    extensions: list(TYPE.extension),
  };
}

describe('what Pilot sends for Bookinfo', () => {
  const config = tempDir();
  let plane: RunningControlPlane;
  let nodes: Node[];
  let origins: ReadonlyMap<string, LocatedResource>;

  beforeAll(async () => {
    cpSync(join(packageRoot(), 'samples/bookinfo'), config, {
      recursive: true,
      filter: (path) => !path.endsWith('/src'),
    });
    plane = await startControlPlane({ config });
    origins = readConfig(await readConfigFiles([config])).resources;
    nodes = [...origins.values()].filter(({ resource }) => resource.kind === 'WorkloadEntry').map(nodeOf);
  }, 60_000);

  afterAll(() => plane.process.stop(), 60_000);

  it('equals what quartet xds prints, for every proxy', async () => {
    expect(nodes.length).toBeGreaterThanOrEqual(7);
    for (const node of nodes) {
      const live = decoded(await fetchResources(plane.pilot.xds, wireNode(node)));
      const args = [
        '--proxy',
        node.id,
        '--metadata',
        JSON.stringify(node.metadata),
        '--mixer',
        plane.mixer.grpc,
      ];
      const printed = await quartet('xds', '-f', config, ...args);
      expect(printed).toMatchObject({ code: 0, stderr: '' });
      expect(live).toEqual(JSON.parse(printed.stdout));
      expect(live.listeners.length).toBeGreaterThan(0);
    }
  }, 300_000);

  it('is accepted by the real Envoy in static form', async () => {
    const translations = new Map<string, Translation>();
    for (const node of nodes) {
      translations.set(node.id, decoded(await fetchResources(plane.pilot.xds, wireNode(node))));
    }
    expect(await envoyAccepts(staticBootstrap(translations))).toMatchObject({ accepted: true });
  }, 60_000);

  it('leads, resource by resource, to the file and line it comes from', () => {
    const world = worldOf(
      [...origins.values()].map(({ resource }) => resource),
      { mixer: '127.0.0.1:9091' },
    );
    const lost: string[] = [];
    for (const node of nodes) {
      const result = proxyFromNode({ ...node, cluster: '' });
      if (!result.ok) throw new Error(result.error);
      for (const [type, resources] of generateAll(world, result.proxy)) {
        for (const { name, sources } of resources) {
          const lines = sources.map((source) => origins.get(source)?.origin.line ?? 0);
          if (lines.length === 0 || lines.some((line) => line < 1)) lost.push(`${type} ${name}`);
        }
      }
    }
    expect(lost).toEqual([]);
  });
});
