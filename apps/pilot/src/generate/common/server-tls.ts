import type { ServerTLSSettings, TLSConfig, TLSProtocol } from '#config';
import { knownCipherSuites, knownCurves } from '#config';
import { envoy } from '#common/proto/envoy';
import { any } from './proto.js';
import { CA_SUFFIX, pilotSecret, statedName, tlsSocket } from './tls.js';

const { tls } = envoy.extensions.transport_sockets;
type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext.$Properties;
type ValidationContext = envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.$Properties;
type TlsParameters = envoy.extensions.transport_sockets.tls.v3.TlsParameters.$Properties;
type TransportSocket = envoy.config.core.v3.TransportSocket.$Properties;

export interface ServerTlsOptions {
  readonly alpn: readonly string[];
  /** What the mesh says of all TLS that is not its own. */
  readonly defaults?: TLSConfig | undefined;
}

/**
 * A server that ends TLS with certificates that are not the mesh's: files of the proxy's host, or secrets that Pilot
 * gives to whom they belong. Clients prove theirs as the mode says.
 */
export function serverTls(
  settings: ServerTLSSettings,
  { alpn, defaults }: ServerTlsOptions,
): TransportSocket {
  const verifies = settings.mode === 'MUTUAL' || settings.mode === 'OPTIONAL_MUTUAL';
  const commonTlsContext: CommonTlsContext = {
    alpnProtocols: [...alpn],
    ...serverTlsParameters(settings, defaults),
    ...certificates(settings),
    ...(verifies && validation(settings)),
  };
  const requireClientCertificate = { value: settings.mode === 'MUTUAL' };
  return tlsSocket(any(tls.v3.DownstreamTlsContext, { commonTlsContext, requireClientCertificate }));
}

/** Secrets go before files, and several before a single one. */
function certificates({ credentialName, credentialNames, ...files }: ServerTLSSettings): CommonTlsContext {
  const credentials = credentialNames?.length ? credentialNames : [credentialName].filter(isStated);
  if (credentials.length > 0) return { tlsCertificateSdsSecretConfigs: credentials.map(pilotSecret) };
  const pairs = files.tlsCertificates?.length ? files.tlsCertificates : [files];
  return {
    tlsCertificates: pairs.map(({ serverCertificate = '', privateKey = '' }) => ({
      certificateChain: { filename: serverCertificate },
      privateKey: { filename: privateKey },
    })),
  };
}

function isStated(name: string | undefined): name is string {
  return Boolean(name);
}

/** Whom clients' certificates have to be from, and what else they have to show. */
function validation(settings: ServerTLSSettings): CommonTlsContext {
  const { credentialName, credentialNames = [], caCertCredentialName, tlsCertificates = [] } = settings;
  const asked: ValidationContext = {
    matchTypedSubjectAltNames: (settings.subjectAltNames ?? []).map(statedName),
    verifyCertificateSpki: settings.verifyCertificateSpki ?? [],
    verifyCertificateHash: settings.verifyCertificateHash ?? [],
  };
  const credential = caCertCredentialName || credentialName || credentialNames[0];
  if (credential) {
    const validationContextSdsSecretConfig = pilotSecret(`${credential}${CA_SUFFIX}`);
    return {
      combinedValidationContext: { defaultValidationContext: asked, validationContextSdsSecretConfig },
    };
  }
  const roots =
    settings.caCertificates ?? tlsCertificates.find((pair) => pair.caCertificates)?.caCertificates;
  const crl = settings.caCrl ? { crl: { filename: settings.caCrl } } : {};
  return { validationContext: { ...asked, trustedCa: { filename: roots ?? '' }, ...crl } };
}

/** Versions and algorithms, where server or mesh state any; else Envoy's own, TLS 1.2 and 1.3. */
export function serverTlsParameters(
  { minProtocolVersion, maxProtocolVersion, cipherSuites, ecdhCurves }: ServerTLSSettings,
  defaults: TLSConfig = {},
): { tlsParams?: TlsParameters } {
  const suites = knownCipherSuites(cipherSuites ?? defaults.cipherSuites ?? []);
  const curves = knownCurves(ecdhCurves ?? defaults.ecdhCurves ?? []);
  const low = version(minProtocolVersion ?? defaults.minProtocolVersion);
  const high = version(maxProtocolVersion);
  if (low === AUTO && high === AUTO && suites.length + curves.length === 0) return {};
  return {
    tlsParams: {
      tlsMinimumProtocolVersion: low === AUTO ? lowestUnder(high) : low,
      tlsMaximumProtocolVersion: high === AUTO ? TlsProtocol.TLSv1_3 : high,
      cipherSuites: suites,
      ecdhCurves: curves,
    },
  };
}

type Version = envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol;
const { TlsProtocol } = tls.v3.TlsParameters;
const AUTO = TlsProtocol.TLS_AUTO;

/** TLS 1.2, unless that is more than the most that is allowed. */
function lowestUnder(high: Version): Version {
  return high === TlsProtocol.TLSv1_0 || high === TlsProtocol.TLSv1_1 ? high : TlsProtocol.TLSv1_2;
}

function version(stated: TLSProtocol | undefined): Version {
  const versions: Readonly<Record<TLSProtocol, Version>> = {
    TLS_AUTO: AUTO,
    TLSV1_0: TlsProtocol.TLSv1_0,
    TLSV1_1: TlsProtocol.TLSv1_1,
    TLSV1_2: TlsProtocol.TLSv1_2,
    TLSV1_3: TlsProtocol.TLSv1_3,
  };
  return versions[stated ?? 'TLS_AUTO'];
}
