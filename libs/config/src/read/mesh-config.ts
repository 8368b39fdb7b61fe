import { MESH_CONFIG_KEY } from '../kinds/mesh.js';
import { MESH_CONFIG } from '../kinds/registry.js';
import { splitKey } from '../resource.js';
import type { Resource } from '../resource.js';
import { readSpec } from '../validate.js';
import { parseYaml } from '../yaml/parse.js';
import { accepted, isObject } from './manifest.js';
import type { DocumentReading, LocatedProblem, LocatedValue } from './manifest.js';

const PATH = ['data', 'mesh'] as const;

/** ConfigMap `istio` in `istio-system`: where Istio keeps its mesh settings. */
export function isMeshConfigMap(value: unknown): boolean {
  if (!isObject(value) || value.apiVersion !== 'v1' || value.kind !== 'ConfigMap') return false;
  const { metadata } = value;
  return isObject(metadata) && metadata.name === 'istio' && metadata.namespace === 'istio-system';
}

/** Its key `mesh` is YAML within YAML: problems are shown at the inner line. */
export function readMeshConfigMap(located: LocatedValue): DocumentReading {
  const { line } = located;
  const text = meshText(located.value);
  if (text === undefined)
    return refuse(line, [at(located, 'schema', 'data.mesh has to hold the mesh settings as text')]);
  const [document, ...more] = parseYaml(text);
  if (more.length > 0) return refuse(line, [at(located, 'schema', 'data.mesh holds more than one document')]);
  const start = innerStart(located);
  if (document && document.problems.length > 0) {
    return refuse(
      line,
      document.problems.map((found) => ({ ...found, path: PATH, line: start + found.line })),
    );
  }
  const reading = readSpec(MESH_CONFIG, document?.value, PATH);
  const problems = reading.problems.map((found): LocatedProblem => {
    return { ...found, line: start + (document?.lineOf(found.path.slice(PATH.length)) ?? 0) };
  });
  if (!reading.valid) return refuse(line, problems);
  return accepted(meshResource(reading.spec), located, problems);
}

function meshText(value: unknown): string | undefined {
  const data = isObject(value) ? value.data : undefined;
  const mesh = isObject(data) ? data.mesh : undefined;
  return typeof mesh === 'string' ? mesh : undefined;
}

/** The line before the first of the inner text, for the block scalar (`mesh: |`) that everybody writes. */
function innerStart(located: LocatedValue): number {
  return located.lineOf(PATH);
}

function meshResource(spec: unknown): Resource {
  const key = MESH_CONFIG_KEY;
  return { key, ...splitKey(key), labels: {}, annotations: {}, creationTimestamp: '', spec };
}

function at(located: LocatedValue, code: LocatedProblem['code'], message: string): LocatedProblem {
  return { code, message, path: PATH, line: located.lineOf(PATH) };
}

function refuse(line: number, problems: readonly LocatedProblem[]): DocumentReading {
  return { outcome: 'invalid', key: MESH_CONFIG_KEY, line, problems };
}
