/** gRPC without NestJS, for every process. The NestJS strategy is in `#common/grpc-nest`. */
export * from './address.js';
export * from './client.js';
export {
  bidi,
  clientStream,
  rawBidi,
  rawUnary,
  serverStream,
  serviceDefinition,
  unary,
  type MessageClass,
  type Method,
  type NamedMethod,
  type ServiceDefinition,
} from './definition.js';
export * from './endpoint.js';
export { framedMessage } from './frame.js';
export { endStream, grpcService, type GrpcService, type Handler, type Implementation } from './handlers.js';
export * from './peer.js';
export * from './status.js';
