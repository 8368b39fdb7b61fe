import type { ClientTLSSettings } from '../kinds/destination-rule.js';
import type { Scope } from '../problem.js';

/** @see https://istio.io/latest/docs/reference/config/networking/destination-rule/#ClientTLSSettings */
export function checkClientTls(tls: ClientTLSSettings | undefined, scope: Scope): void {
  if (!tls) return;
  const { mode, clientCertificate, privateKey, caCertificates, caCrl, credentialName } = tls;
  const files = [clientCertificate, privateKey, caCertificates, caCrl].some(Boolean);
  if (credentialName && files) scope.error('credentialName cannot be combined with certificate files');
  if (mode === 'MUTUAL' && !credentialName) {
    if (!clientCertificate) scope.error('client certificate required for mutual tls');
    if (!privateKey) scope.error('private key required for mutual tls');
  }
  if (mode === 'ISTIO_MUTUAL' && (files || credentialName)) {
    scope.error('ISTIO_MUTUAL uses the certificates of the mesh: name no others');
  }
  if (tls.insecureSkipVerify && tls.subjectAltNames?.length) {
    scope.error('insecureSkipVerify and subjectAltNames exclude each other');
  }
  if (tls.insecureSkipVerify && caCrl)
    scope.at('caCrl').warn('noEffect', 'caCrl has no effect where insecureSkipVerify is set');
}
