/** Why a request is turned down; the gRPC status and the metric follow from it. */
export type RefusalKind =
  'unauthenticated' | 'denied' | 'invalid-csr' | 'invalid-argument' | 'too-many' | 'unavailable';

/** A request that is turned down, in words that its sender may read. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly kind: RefusalKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
