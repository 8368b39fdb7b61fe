import type { PeerAuthentication } from '../kinds/security.js';
import type { Scope } from '../problem.js';
import { checkLabels } from './text.js';

/** @see https://istio.io/latest/docs/reference/config/security/peer_authentication/ */
export function checkPeerAuthentication(spec: PeerAuthentication, scope: Scope): void {
  const labels = spec.selector?.matchLabels ?? {};
  checkLabels(labels, scope.at('selector', 'matchLabels'));
  const ports = Object.keys(spec.portLevelMtls ?? {});
  if (ports.length > 0 && Object.keys(labels).length === 0) {
    scope
      .at('portLevelMtls')
      .error('port level mTLS needs a selector: it cannot hold for a namespace or the mesh');
  }
  for (const port of ports) {
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
      scope.at('portLevelMtls', port).error(`port ${JSON.stringify(port)} is not in 1..65535`);
    }
  }
}
