import { Metadata, status as Status } from '@grpc/grpc-js';

export { Status };

export interface StatusOptions extends ErrorOptions {
  /**
   * When the caller may try again.
   *
   * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback
   */
  readonly retryAfterMs?: number;
}

/** An error that the caller of an RPC is meant to see: its code and message go over the wire as they are. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  /** grpc-js reads `details`, not `message`. */
  readonly details: string;
  /** Trailers. */
  readonly metadata?: Metadata;

  constructor(
    readonly code: Status,
    message: string,
    options: StatusOptions = {},
  ) {
    super(message, options);
    this.details = message;
    if (options.retryAfterMs === undefined) return;
    this.metadata = new Metadata();
    this.metadata.set('grpc-retry-pushback-ms', options.retryAfterMs.toFixed(0));
  }
}

/** What a handler throws to answer with a gRPC status. */
export function statusError(code: Status, message: string, options?: StatusOptions): StatusError {
  return new StatusError(code, message, options);
}

/** A {@link StatusError} as it is; whatever else was thrown is a bug here, whose words do not concern the caller. */
export function toStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  return new StatusError(Status.INTERNAL, 'internal error', { cause: error });
}
