import type { TLSConfig } from '../kinds/mesh.js';
import type { Scope } from '../problem.js';

/** What BoringSSL takes for TLS up to 1.2; those of 1.3 cannot be chosen. */
const CIPHER_SUITES = new Set([
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ...['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-SHA', 'ECDHE-RSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA', 'ECDHE-RSA-AES256-SHA'],
  ...['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'AES128-SHA', 'AES256-SHA'],
]);
const CURVES = new Set(['P-256', 'P-384', 'P-521', 'X25519', 'X25519MLKEM768']);

/** Envoy refuses a listener for one unknown name. */
export function checkTlsConfig(config: TLSConfig | undefined, scope: Scope): void {
  config?.cipherSuites?.forEach((suite, index) => {
    if (!CIPHER_SUITES.has(suite))
      scope.at('cipherSuites', index).error(`unknown cipher suite ${JSON.stringify(suite)}`);
  });
  config?.ecdhCurves?.forEach((curve, index) => {
    if (!CURVES.has(curve)) scope.at('ecdhCurves', index).error(`unknown curve ${JSON.stringify(curve)}`);
  });
  if (config?.cipherSuites?.length && config.minProtocolVersion === 'TLSV1_3')
    scope.at('cipherSuites').warn('noEffect', 'TLS 1.3 chooses among suites of its own');
}
