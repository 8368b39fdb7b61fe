import type { Diagnostic, Level } from './diagnostics.js';
import type { Origin, ResourceKey } from './resource.js';

interface CodeEntry {
  readonly code: string;
  readonly level: Level;
}

const entry = (code: string, level: Level): CodeEntry => ({ code, level });

/**
 * Every diagnostic that reading and analysing config can give. IST codes are Istio's own, with Istio's meaning; QT
 * codes stand for what Istio has no code for.
 *
 * @see https://istio.io/latest/docs/reference/config/analysis/
 */
export const CODES = {
  /** A field that still works and should be replaced. */
  deprecated: entry('IST0002', 'Warning'),
  /** A host, subset, gateway, handler or instance that is named and does not exist. */
  reference: entry('IST0101', 'Warning'),
  /** The resource breaks the schema or a rule of its kind. */
  schema: entry('IST0106', 'Error'),
  /** Several VirtualServices of the mesh gateway have a host: the oldest stays. */
  meshHostConflict: entry('IST0109', 'Error'),
  /** Two Sidecars select the same workload: the oldest stays. */
  sidecarSelectors: entry('IST0110', 'Error'),
  /** Two Sidecars of a namespace select no workload, so each is for all: the oldest stays. */
  sidecarsWithoutSelector: entry('IST0111', 'Error'),
  /** An HTTP route stands behind others that take every request it could take. */
  unreachableRule: entry('IST0130', 'Warning'),
  /** A match stands behind others that take every request it could take. */
  ineffectiveMatch: entry('IST0131', 'Info'),
  /** A VirtualService has a host that its gateway does not serve. */
  hostNotInGateway: entry('IST0132', 'Warning'),
  /** Servers of Gateways for the same workloads are in each other's way: the older stays. */
  gatewayConflict: entry('IST0145', 'Error'),
  /** The text is no YAML, or no UTF-8. */
  syntax: entry('QT0001', 'Error'),
  /** The document does not say which resource it is. */
  notAResource: entry('QT0002', 'Error'),
  /** The same resource stands in an earlier file, or earlier in this one. */
  duplicate: entry('QT0003', 'Error'),
  /** A kind of another API group; nothing of Quartet's business. */
  foreignKind: entry('QT0004', 'Info'),
  /** A kind of Istio that has no effect here. */
  unsupportedKind: entry('QT0005', 'Warning'),
  /** A field of Istio that has no effect here. */
  unsupportedField: entry('QT0006', 'Warning'),
  /** Too large, too deep or too many aliases. */
  limit: entry('QT0007', 'Error'),
  /** The file or folder cannot be read; what it held stays. */
  unreadable: entry('QT0008', 'Error'),
  /** The accepted snapshot on disk was lost or damaged. */
  stateLost: entry('QT0009', 'Error'),
  /** A field of Istio that decides about security and that Quartet cannot honour: refused, never dropped. */
  refusedField: entry('QT0010', 'Error'),
  /** Valid, and without any effect as it stands. */
  noEffect: entry('QT0011', 'Warning'),
  /** A route of a delegate contradicts the route that delegates to it: it is left out. */
  delegateConflict: entry('QT0012', 'Warning'),
  /** Envoy refuses what comes of the resource: its last good form stays in force, or it is left out. */
  withdrawn: entry('QT2002', 'Error'),
  /** What a Secret holds is of no use to a proxy: its last good content stays in force. */
  credential: entry('QT2003', 'Error'),
  /** A certificate in a Secret has expired, or is not valid yet. */
  credentialDates: entry('QT2004', 'Warning'),
  /** Kinds that a cluster does not have: nothing of them can be configured there. */
  notInstalled: entry('QT0013', 'Warning'),
  /** The API server does not ask Galley, or does not wait for its answer. */
  admission: entry('QT0014', 'Warning'),
  /** An older DestinationRule for the same host goes before something that this one says. */
  ruleConflict: entry('QT0020', 'Warning'),
  /** An older ServiceEntry for the same host goes before something that this one says. */
  serviceConflict: entry('QT0021', 'Warning'),
} as const satisfies Record<string, CodeEntry>;

export type CodeName = keyof typeof CODES;

export function diagnostic(
  name: CodeName,
  message: string,
  at: { origin: Origin; path?: string; resource?: ResourceKey },
): Diagnostic {
  const { code, level } = CODES[name];
  return {
    code,
    level,
    message,
    path: at.path ?? '',
    origin: at.origin,
    ...(at.resource ? { resource: at.resource } : {}),
  };
}
