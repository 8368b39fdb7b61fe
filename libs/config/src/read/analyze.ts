import { diagnostic } from '../codes.js';
import type { Diagnostic } from '../diagnostics.js';
import { formatPath } from '../problem.js';
import { gatewayConflicts } from '../gateways/conflicts.js';
import type { Provision } from '../references.js';
import type { Origin, Resource, ResourceKey } from '../resource.js';
import { routeConflicts } from '../routes/conflicts.js';
import { ruleConflicts } from '../routes/rule-conflicts.js';
import { serviceConflicts } from '../routes/service-conflicts.js';
import { sidecarConflicts } from '../routes/sidecar-conflicts.js';
import { originIn } from './file.js';
import type { FileReading } from './file.js';
import type { DocumentReading } from './manifest.js';

type AcceptedDocument = Extract<DocumentReading, { outcome: 'accepted' }>;

/**
 * References that lead nowhere, over a whole config (IST0101). `provided` is everything that can be named; `isInForce`
 * leaves out documents that another one with the same key goes before.
 */
export function danglingReferences(
  readings: Iterable<FileReading>,
  provided: ReadonlySet<Provision>,
  isInForce: (reading: FileReading, document: AcceptedDocument) => boolean,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const reading of readings) {
    for (const document of reading.documents) {
      if (document.outcome !== 'accepted' || !isInForce(reading, document)) continue;
      for (const { path, what, anyOf, line } of document.references) {
        if (anyOf.some((provision) => provided.has(provision))) continue;
        const at = {
          origin: originIn(reading, line),
          path: formatPath(path),
          resource: document.resource.key,
        };
        diagnostics.push(diagnostic('reference', `referenced ${what} not found`, at));
      }
    }
  }
  return diagnostics;
}

/** What foreign documents of these files provide. */
export function foreignProvisions(readings: Iterable<FileReading>): Provision[] {
  return [...readings].flatMap(({ documents }) =>
    documents.flatMap((document) => (document.outcome === 'ignored' ? (document.provides ?? []) : [])),
  );
}

const CONFLICTS = [routeConflicts, ruleConflicts, gatewayConflicts, serviceConflicts, sidecarConflicts];

/** Resources that contradict each other; `originOf` says where each stands. */
export function conflicts(
  resources: Iterable<Resource>,
  originOf: (key: ResourceKey) => Origin | undefined,
): Diagnostic[] {
  const all = [...resources];
  const findings = CONFLICTS.flatMap((find) => find(all));
  return findings.map(({ code, message, path, resource }) =>
    diagnostic(code, message, {
      origin: originOf(resource) ?? { file: '', line: 0 },
      path: formatPath(path),
      resource,
    }),
  );
}
