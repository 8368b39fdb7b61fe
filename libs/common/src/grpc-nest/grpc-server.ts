import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { GrpcEndpoint, type GrpcEndpointOptions } from '#common/grpc';

/**
 * A raw gRPC server that NestJS starts and stops: `app.connectMicroservice({ strategy: new GrpcServer({...}) })`.
 * The handlers are plain functions, not controllers: the hot streams keep their bytes and their back-pressure.
 */
export class GrpcServer extends Server implements CustomTransportStrategy {
  readonly #endpoint: GrpcEndpoint;

  constructor(options: GrpcEndpointOptions) {
    super();
    const onUnexpectedError = (path: string, error: unknown) => {
      this.logger.error(`${path}: ${String(error instanceof Error ? error.stack : error)}`);
    };
    this.#endpoint = new GrpcEndpoint({ onUnexpectedError, ...options });
  }

  /** Where it listens, with the real port. Throws before it does. */
  get address(): string {
    return this.#endpoint.address;
  }

  listen(callback: (error?: unknown) => void): void {
    this.#endpoint.listen().then(() => callback(), callback);
  }

  close(): Promise<void> {
    return this.#endpoint.close();
  }

  /** grpc-js offers no server events that a listener could use. */
  on(): never {
    throw new Error('GrpcServer has no events');
  }

  unwrap<T>(): T {
    return this.#endpoint as T;
  }
}
