import { Status, statusError, type StatusError } from '#common/grpc';
import type { Refusal, RefusalKind } from '../refusal.js';
import { metrics } from './metrics.js';

const STATUS: Record<RefusalKind, Status> = {
  unauthenticated: Status.UNAUTHENTICATED,
  denied: Status.PERMISSION_DENIED,
  'invalid-csr': Status.INVALID_ARGUMENT,
  'invalid-argument': Status.INVALID_ARGUMENT,
  'too-many': Status.RESOURCE_EXHAUSTED,
  unavailable: Status.UNAVAILABLE,
};

/** The gRPC status that a refusal is answered with. */
export function toStatus(refusal: Refusal): StatusError {
  return statusError(STATUS[refusal.kind], refusal.message, { cause: refusal });
}

/** Counts a refused certificate under Istio's metric for its reason. */
export function countRefusal({ kind }: Refusal): void {
  switch (kind) {
    case 'unauthenticated':
      return metrics.authenticationFailures.inc();
    case 'invalid-csr':
      return metrics.csrParsingErrors.inc();
    case 'denied':
      return metrics.idExtractionErrors.inc();
    default:
      return metrics.signingErrors.inc({ error: kind });
  }
}
