import { diagnostic } from '../codes.js';
import type { Diagnostic } from '../diagnostics.js';
import { formatPath } from '../problem.js';
import type { Origin, Resource, ResourceKey } from '../resource.js';
import type { FileReading } from './file.js';
import { readFile } from './file.js';
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

/** Reads a whole config from nothing. Every mistake is a diagnostic; what is valid is in the result. */
export function readConfig(files: readonly ConfigFile[]): ConfigReading {
  const resources = new Map<ResourceKey, LocatedResource>();
  const diagnostics: Diagnostic[] = [];
  const taken = new Map<ResourceKey, Origin>();
  for (const file of [...files].sort(byPath)) {
    const reading = readFile(file.path, file.text);
    diagnostics.push(...fileDiagnostics(reading));
    for (const document of reading.documents) {
      const key = documentKey(document);
      if (key === undefined) continue;
      const origin = { file: file.path, line: document.line };
      const first = taken.get(key);
      if (first) diagnostics.push(duplicateDiagnostic(key, origin, first));
      else taken.set(key, origin);
      if (!first && document.outcome === 'accepted')
        resources.set(key, { resource: document.resource, origin });
    }
  }
  return { resources, diagnostics };
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
        origin: { file: reading.path, line: problem.line },
        path: formatPath(problem.path),
        resource,
      }),
    );
  });
}

export function duplicateDiagnostic(key: ResourceKey, origin: Origin, first: Origin): Diagnostic {
  const message = `${key} stands already in ${first.file}:${first.line}, which stays`;
  return diagnostic('duplicate', message, { origin, resource: key });
}
