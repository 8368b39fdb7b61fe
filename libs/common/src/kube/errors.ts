/** An answer of the API server that is no success, or none at all (`status` 0). */
export class KubeError extends Error {
  override readonly name = 'KubeError';

  constructor(
    /** HTTP status; 0 where no answer came. */
    readonly status: number,
    /** Machine-readable, such as `NotFound` or `Expired`; empty where the server gave none. */
    readonly reason: string,
    message: string,
    /** Milliseconds that the server asks to wait for. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** `metav1.Status`, as far as it is of use. */
export interface StatusBody {
  readonly kind?: string;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** What an answer that is no success says. @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export function errorFromAnswer(status: number, text: string, retryAfter: string | undefined): KubeError {
  const body = readStatus(text);
  const seconds = Number(retryAfter ?? body.details?.retryAfterSeconds);
  const wait = Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
  return new KubeError(
    status,
    body.reason ?? '',
    body.message ?? (text.slice(0, 300) || `HTTP ${status}`),
    wait,
  );
}

export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}

export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409;
}

export function isForbidden(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status === 403;
}

/** Why a request failed, in words. */
export function failureText({ status, message }: Pick<KubeError, 'status' | 'message'>): string {
  return status === 403 ? `a permission is missing: ${message}` : message;
}

/** A resourceVersion, or the token of a page, that the server no longer knows. */
export function isExpired(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 410 || error.reason === 'Expired');
}

function readStatus(text: string): StatusBody {
  try {
    const body = JSON.parse(text) as StatusBody | null;
    return typeof body === 'object' && body !== null ? body : {};
  } catch {
    return {};
  }
}
