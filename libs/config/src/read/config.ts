import { diagnostic } from '../codes.js';
import type { Diagnostic } from '../diagnostics.js';
import { formatPath } from '../problem.js';
import { provisionsOf } from '../references.js';
import type { Origin, Resource, ResourceKey } from '../resource.js';
import { conflicts, danglingReferences, foreignProvisions } from './analyze.js';
import type { FileReading } from './file.js';
import { originIn, readFile } from './file.js';
import type { DocumentReading } from './manifest.js';

export interface ConfigFile {
  /** Path as it is shown to users. */
  readonly path: string;
  readonly text: string;
}

/** A resource and where it stands. */
export interface LocatedResource {
  readonly resource: Resource;
  readonly origin: Origin;
}

export interface ConfigReading {
  readonly resources: ReadonlyMap<ResourceKey, LocatedResource>;
  readonly diagnostics: readonly Diagnostic[];
}

/** Files in the order that decides which of two equal keys stays: by path, code unit by code unit. */
export function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : Number(left.path > right.path);
}

/**
 * Reads a whole config from nothing. Every mistake is a diagnostic, references between resources included; what is
 * valid is in the result.
 */
export function readConfig(files: readonly ConfigFile[]): ConfigReading {
  const readings = [...files].sort(byPath).map((file) => readFile(file.path, file.text));
  const resources = new Map<ResourceKey, LocatedResource>();
  const diagnostics = readings.flatMap((reading) => [
    ...fileDiagnostics(reading),
    ...takeIn(reading, resources),
  ]);
  const provided = new Set(foreignProvisions(readings));
  for (const { resource } of resources.values())
    for (const provision of provisionsOf(resource)) provided.add(provision);
  const dangling = danglingReferences(
    readings,
    provided,
    (_reading, { resource }) => resources.get(resource.key)?.resource === resource,
  );
  const conflicting = conflicts(
    [...resources.values()].map(({ resource }) => resource),
    (key) => resources.get(key)?.origin,
  );
  return { resources, diagnostics: [...diagnostics, ...dangling, ...conflicting] };
}

/** Adds what a file holds; what stands elsewhere already is a diagnostic. */
function takeIn(reading: FileReading, resources: Map<ResourceKey, LocatedResource>): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const document of reading.documents) {
    const key = documentKey(document);
    if (key === undefined) continue;
    const origin = { file: reading.path, line: document.line };
    const first = resources.get(key);
    if (first) diagnostics.push(duplicateDiagnostic(key, origin, first.origin));
    else if (document.outcome === 'accepted') resources.set(key, { resource: document.resource, origin });
  }
  return diagnostics;
}

/** The key of the resource that a document names, accepted or not. */
export function documentKey(document: DocumentReading): ResourceKey | undefined {
  if (document.outcome === 'accepted') return document.resource.key;
  return document.outcome === 'invalid' ? document.key : undefined;
}

/** What is wrong inside one file, by itself. */
export function fileDiagnostics(reading: FileReading): Diagnostic[] {
  return reading.documents.flatMap((document) => {
    const resource = documentKey(document);
    return document.problems.map((problem) =>
      diagnostic(problem.code, problem.message, {
        origin: originIn(reading, problem.line),
        path: formatPath(problem.path),
        resource,
      }),
    );
  });
}

export function duplicateDiagnostic(key: ResourceKey, origin: Origin, first: Origin): Diagnostic {
  const place = first.line === 0 ? first.file : `${first.file}:${first.line}`;
  const message = `${key} stands already in ${place}, which stays`;
  return diagnostic('duplicate', message, { origin, resource: key });
}
