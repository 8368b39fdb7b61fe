export { headerOf } from './call.js';
export type { Call, HttpRequest, SocketAddress } from './call.js';
export type { Endpoint, UpstreamTls } from './cluster.js';
export { changedHeaders } from './header-changes.js';
export type { HeaderChanges } from './header-changes.js';
export type {
  Fault,
  Forward,
  ForwardTarget,
  HttpAction,
  HttpOutcome,
  Outcome,
  Retry,
  Target,
  Way,
} from './outcome.js';
export { simulate } from './simulate.js';
