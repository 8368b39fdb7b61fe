export { natsCredential, type NatsCredential } from './credential.js';
export { connectionOptions, connectNats, inboxPrefix, type NatsAccess } from './connect.js';
export { type Log, silentLog } from './log.js';
export { createNkey, type Nkey } from './nkeys.js';
export { NoReplyError, requestAll, requestOne, type RequestBounds } from './request-all.js';
export {
  authorizationConfig,
  serverConfig,
  type NatsRole,
  type NatsServerOptions,
  type NatsUser,
} from './server-config.js';
