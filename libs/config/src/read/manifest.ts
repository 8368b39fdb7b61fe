import { encodeContent } from '../canonical.js';
import { findKind, isIstioGroup, isUnsupportedKind } from '../kinds/registry.js';
import type { Kind } from '../kinds/registry.js';
import type { CodeName } from '../codes.js';
import type { Path } from '../problem.js';
import { referencesOf, serviceProvision } from '../references.js';
import type { Provision, Reference } from '../references.js';
import { resourceKey } from '../resource.js';
import type { Resource } from '../resource.js';
import { isDnsLabel, isDnsSubdomain } from '../rules/text.js';
import { readSpec } from '../validate.js';

/** A finding with its line. */
export interface LocatedProblem {
  readonly code: CodeName;
  readonly message: string;
  readonly path: Path;
  readonly line: number;
}

export interface LocatedReference extends Reference {
  readonly line: number;
}

/**
 * What one document says: a resource; a resource that is named and refused; nothing that could be named (`unnamed`,
 * so nobody knows which resources it stands for); or something that is not Quartet's (`ignored`).
 */
export type DocumentReading =
  | {
      readonly outcome: 'accepted';
      readonly resource: Resource;
      /** Canonical JSON of the resource, as the config log holds it. */
      readonly content: string;
      /** What the resource names, for checks between resources. */
      readonly references: readonly LocatedReference[];
      readonly line: number;
      readonly problems: readonly LocatedProblem[];
    }
  | {
      readonly outcome: 'invalid';
      readonly key: string;
      readonly line: number;
      readonly problems: readonly LocatedProblem[];
    }
  | {
      readonly outcome: 'unnamed' | 'ignored';
      /** Set for a Service of Kubernetes: others may name it. */
      readonly provides?: Provision;
      readonly line: number;
      readonly problems: readonly LocatedProblem[];
    };

/** A value with the way back to its lines. */
export interface LocatedValue {
  readonly value: unknown;
  readonly line: number;
  readonly lineOf: (path: Path) => number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Where a file's resource names no namespace. */
const DEFAULT_NAMESPACE = 'default';
const TOP_LEVEL = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status']);

/** Reads one manifest, `{apiVersion, kind, metadata, spec}`. */
export function readManifest(located: LocatedValue): DocumentReading {
  const { value } = located;
  if (!isObject(value))
    return unnamed(located, 'this is not a resource: an object with apiVersion, kind and metadata', []);
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== 'string') return unnamed(located, 'apiVersion is missing', ['apiVersion']);
  if (typeof kind !== 'string') return unnamed(located, 'kind is missing', ['kind']);
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const known = findKind(group, kind);
  if (known) return readResource(known, version, value, located);
  if (isUnsupportedKind(group, kind)) {
    return ignored(located, 'unsupportedKind', `${kind} of ${group} is not supported and has no effect`);
  }
  // A misspelt kind in Istio's own groups may stand for a resource that must not vanish.
  if (isIstioGroup(group)) return unnamed(located, `${group} has no kind ${JSON.stringify(kind)}`, ['kind']);
  const foreign = ignored(located, 'foreignKind', `${apiVersion} ${kind} is not read`);
  return apiVersion === 'v1' && kind === 'Service' ? { ...foreign, ...serviceOf(value) } : foreign;
}

function serviceOf(fields: Fields): { provides?: Provision } {
  const metadata = readMetadata(fields.metadata);
  return typeof metadata === 'string'
    ? {}
    : { provides: serviceProvision(metadata.name, metadata.namespace) };
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly creationTimestamp: string;
}

function readResource(kind: Kind, version: string, fields: Fields, located: LocatedValue): DocumentReading {
  const metadata = readMetadata(fields.metadata);
  if (typeof metadata === 'string') return unnamed(located, metadata, ['metadata']);
  const key = resourceKey(kind.group, kind.kind, metadata.namespace, metadata.name);
  const problems = checkTopLevel(kind, version, fields, located);
  const reading = readSpec(kind, fields.spec, ['spec']);
  const all = [
    ...problems,
    ...reading.problems.map((found) => ({ ...found, line: located.lineOf(found.path) })),
  ];
  if (problems.length > 0 || !reading.valid)
    return { outcome: 'invalid', key, line: located.line, problems: all };
  const resource: Resource = { key, group: kind.group, kind: kind.kind, ...metadata, spec: reading.spec };
  return accepted(resource, located, all);
}

/** A message of the config log holds 1 MB; a resource has to fit one, as a JSON text. */
const MAX_ENCODED_BYTES = 950_000;

/** Accepts a resource unless it is too large for anybody to carry. */
export function accepted(
  resource: Resource,
  located: LocatedValue,
  problems: readonly LocatedProblem[],
): DocumentReading {
  const { line } = located;
  const content = encodeContent(resource);
  // No character takes more than 6 bytes, so most resources need no second encoding to be sure.
  const fits =
    content.length < MAX_ENCODED_BYTES / 6 || Buffer.byteLength(JSON.stringify(content)) < MAX_ENCODED_BYTES;
  const references = referencesOf(resource).map((found) => ({ ...found, line: located.lineOf(found.path) }));
  if (fits) return { outcome: 'accepted', resource, content, references, line, problems };
  const tooLarge = problem(located, 'limit', `the resource takes more than ${MAX_ENCODED_BYTES} bytes`, []);
  return { outcome: 'invalid', key: resource.key, line, problems: [...problems, tooLarge] };
}

/** What names a resource; a text where it does not. */
function readMetadata(value: unknown): Metadata | string {
  if (!isObject(value)) return 'metadata is missing';
  const { name, namespace = DEFAULT_NAMESPACE, creationTimestamp } = value;
  if (typeof name !== 'string') return 'metadata.name is missing';
  if (!isDnsSubdomain(name))
    return `invalid name ${JSON.stringify(name)}: lower case letters, digits, - and . only`;
  if (typeof namespace !== 'string' || !isDnsLabel(namespace))
    return `invalid namespace ${JSON.stringify(namespace)}`;
  return {
    name,
    namespace,
    labels: texts(value.labels),
    annotations: texts(value.annotations),
    creationTimestamp: typeof creationTimestamp === 'string' ? creationTimestamp : '',
  };
}

function checkTopLevel(kind: Kind, version: string, fields: Fields, located: LocatedValue): LocatedProblem[] {
  const problems: LocatedProblem[] = [];
  const report = (message: string, path: Path): number =>
    problems.push(problem(located, 'schema', message, path));
  if (!kind.versions.includes(version)) {
    report(`${kind.kind} has no version ${JSON.stringify(version)}, but ${kind.versions.join(', ')}`, [
      'apiVersion',
    ]);
  }
  for (const name of Object.keys(fields)) {
    if (!TOP_LEVEL.has(name)) report(`unknown field ${JSON.stringify(name)}`, [name]);
  }
  const metadata = fields.metadata as Fields;
  for (const field of ['labels', 'annotations']) {
    for (const [name, text] of Object.entries(isObject(metadata[field]) ? metadata[field] : {})) {
      if (typeof text !== 'string') report(`metadata.${field} holds texts only`, ['metadata', field, name]);
    }
  }
  return problems;
}

function texts(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export function problem(located: LocatedValue, code: CodeName, message: string, path: Path): LocatedProblem {
  return { code, message, path, line: located.lineOf(path) };
}

export function unnamed(located: LocatedValue, message: string, path: Path): DocumentReading {
  return {
    outcome: 'unnamed',
    line: located.line,
    problems: [problem(located, 'notAResource', message, path)],
  };
}

function ignored(located: LocatedValue, code: CodeName, message: string): DocumentReading {
  return { outcome: 'ignored', line: located.line, problems: [problem(located, code, message, [])] };
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
