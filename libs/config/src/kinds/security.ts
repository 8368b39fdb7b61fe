/** security.istio.io. @see https://istio.io/latest/docs/reference/config/security/ */
export type MutualTLSMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

export interface PeerAuthentication {
  selector?: { matchLabels?: Record<string, string> };
  mtls?: { mode?: MutualTLSMode };
  /** By workload port, as text. */
  portLevelMtls?: Record<string, { mode?: MutualTLSMode }>;
}
