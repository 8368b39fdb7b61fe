import type { YamlDocument } from '../yaml/parse.js';
import { isMeshConfigMap, readMeshConfigMap } from './mesh-config.js';
import { isObject, readManifest } from './manifest.js';
import type { DocumentReading, LocatedValue } from './manifest.js';

/** Reads one YAML document; a `List` holds several resources, an empty document none. */
export function readDocument(document: YamlDocument): DocumentReading[] {
  if (document.problems.length > 0) {
    const problems = document.problems.map((found) => ({ ...found, path: [] }));
    return [{ outcome: 'unnamed', line: document.line, problems }];
  }
  if (document.value === null) return [];
  return members(document).map((located) => readOne(located));
}

function readOne(located: LocatedValue): DocumentReading {
  return isMeshConfigMap(located.value) ? readMeshConfigMap(located) : readManifest(located);
}

function members(document: LocatedValue): LocatedValue[] {
  const { value, lineOf } = document;
  if (!isObject(value) || value.kind !== 'List' || !Array.isArray(value.items)) return [document];
  return value.items.map((item: unknown, index) => ({
    value: item,
    line: lineOf(['items', index]),
    lineOf: (path) => lineOf(['items', index, ...path]),
  }));
}
