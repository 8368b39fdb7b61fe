import { labels, mapOf, message, oneOf } from './builder.js';
import type { Schema } from './builder.js';

const mutualTls = message({ mode: oneOf('UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT') });

/** @see https://istio.io/latest/docs/reference/config/security/peer_authentication/ */
export const peerAuthentication: Schema = message({
  selector: message({ matchLabels: labels }),
  mtls: mutualTls,
  portLevelMtls: mapOf(mutualTls),
});
