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

/** Those of these names that Envoy knows: for one unknown it refuses a whole listener. */
export function knownCipherSuites(names: readonly string[]): string[] {
  return names.filter((name) => CIPHER_SUITES.has(name));
}

export function knownCurves(names: readonly string[]): string[] {
  return names.filter((name) => CURVES.has(name));
}

export function checkTlsConfig(config: TLSConfig | undefined, scope: Scope): void {
  if (config) checkTlsAlgorithms(config, scope, 'refused');
}

interface Algorithms {
  readonly cipherSuites?: readonly string[];
  readonly ecdhCurves?: readonly string[];
  readonly minProtocolVersion?: string;
}

/** @param unknown whether a name that nobody knows is left out, as long as others are left */
export function checkTlsAlgorithms(
  { cipherSuites = [], ecdhCurves = [], minProtocolVersion }: Algorithms,
  scope: Scope,
  unknown: 'refused' | 'ignored',
): void {
  const report = (names: readonly string[], known: readonly string[], at: Scope, what: string): void =>
    names.forEach((name, index) => {
      if (known.includes(name)) return;
      const message = `unknown ${what} ${JSON.stringify(name)}`;
      if (unknown === 'refused' || known.length === 0) at.at(index).error(message);
      else at.at(index).warn('noEffect', message);
    });
  report(cipherSuites, knownCipherSuites(cipherSuites), scope.at('cipherSuites'), 'cipher suite');
  report(ecdhCurves, knownCurves(ecdhCurves), scope.at('ecdhCurves'), 'curve');
  if (cipherSuites.length > 0 && minProtocolVersion === 'TLSV1_3')
    scope.at('cipherSuites').warn('noEffect', 'TLS 1.3 chooses among suites of its own');
}
