import type { ServerTLSSettings, TLSProtocol } from '../kinds/gateway.js';
import type { Scope } from '../problem.js';
import { isDnsLabel, isDnsSubdomain } from './text.js';
import { checkTlsAlgorithms } from './tls-config.js';

const TERMINATING = new Set(['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL', 'ISTIO_MUTUAL']);
const VERIFYING = new Set(['MUTUAL', 'OPTIONAL_MUTUAL']);

/** Envoy chooses between certificates by the type of their key. */
const MAX_CERTIFICATES = 2;

/** @see https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings */
export function checkServerTls(tls: ServerTLSSettings, scope: Scope): void {
  const mode = tls.mode ?? 'PASSTHROUGH';
  if (mode === 'ISTIO_MUTUAL') checkMeshCertificates(tls, scope);
  else if (TERMINATING.has(mode)) checkCertificates(tls, scope);
  else checkPassthrough(tls, scope);
  checkPeers(tls, scope);
  checkVersions(tls, scope);
  checkTlsAlgorithms(tls, scope, 'ignored');
}

function namesFiles({ serverCertificate, privateKey, caCertificates, caCrl }: ServerTLSSettings): boolean {
  return [serverCertificate, privateKey, caCertificates, caCrl].some(Boolean);
}

function namesSecrets({ credentialName, credentialNames, caCertCredentialName }: ServerTLSSettings): boolean {
  return Boolean(credentialName ?? caCertCredentialName) || Boolean(credentialNames?.length);
}

function checkMeshCertificates(tls: ServerTLSSettings, scope: Scope): void {
  if (namesFiles(tls) || namesSecrets(tls) || tls.tlsCertificates?.length)
    scope.error('ISTIO_MUTUAL uses the certificates of the mesh: name no others');
}

function checkPassthrough(tls: ServerTLSSettings, scope: Scope): void {
  if (namesFiles(tls) || namesSecrets(tls) || tls.tlsCertificates?.length)
    scope.warn('noEffect', 'certificates have no effect where TLS is passed through');
}

/** From one place: a secret, secrets, files, or several pairs of files. */
function checkCertificates(tls: ServerTLSSettings, scope: Scope): void {
  const { mode, credentialName, credentialNames = [], tlsCertificates = [], caCertificates } = tls;
  const { serverCertificate, privateKey, caCertCredentialName } = tls;
  const files = Boolean(serverCertificate ?? privateKey);
  const sources = [Boolean(credentialName), credentialNames.length > 0, tlsCertificates.length > 0];
  if (sources.filter(Boolean).length > 1)
    scope.error('only one of credentialName, credentialNames and tlsCertificates can be set');
  if (files && tlsCertificates.length > 0)
    scope.error('serverCertificate and tlsCertificates exclude each other');
  checkCredentials(tls, scope);
  if (!sources.some(Boolean)) checkPair({ mode, serverCertificate, privateKey }, scope);
  tlsCertificates.forEach((pair, index) => checkPair({ mode, ...pair }, scope.at('tlsCertificates', index)));
  if (tlsCertificates.length > MAX_CERTIFICATES)
    scope.at('tlsCertificates').error(`at most ${MAX_CERTIFICATES} certificates can be set`);
  const roots = caCertificates ?? caCertCredentialName ?? tlsCertificates.find((pair) => pair.caCertificates);
  if (VERIFYING.has(mode ?? '') && !credentialName && credentialNames.length === 0 && !roots)
    scope.error(`${mode} TLS requires a client CA bundle`);
}

function checkPair({ mode, serverCertificate, privateKey }: ServerTLSSettings, scope: Scope): void {
  if (!serverCertificate) scope.error(`${mode} TLS requires a server certificate`);
  if (!privateKey) scope.error(`${mode} TLS requires a private key`);
}

function checkCredentials(tls: ServerTLSSettings, scope: Scope): void {
  const { credentialName, credentialNames = [], caCertCredentialName } = tls;
  if (credentialName) checkCredential(credentialName, scope.at('credentialName'));
  if (caCertCredentialName) checkCredential(caCertCredentialName, scope.at('caCertCredentialName'));
  credentialNames.forEach((name, index) => checkCredential(name, scope.at('credentialNames', index)));
  if (credentialNames.length > MAX_CERTIFICATES)
    scope.at('credentialNames').error(`at most ${MAX_CERTIFICATES} credentials can be set`);
}

/** `name`, `kubernetes://name`, `kubernetes-gateway://namespace/name`. */
export function checkCredential(credential: string, scope: Scope): void {
  const [, scheme, path = ''] = /^(?:(kubernetes|kubernetes-gateway):\/\/)?(.*)$/s.exec(credential) ?? [];
  const [name = '', namespace, ...rest] = path.split('/').reverse();
  const home = namespace === undefined ? scheme !== 'kubernetes-gateway' : isDnsLabel(namespace);
  if (rest.length > 0 || !home || !isDnsSubdomain(name))
    scope.error(`invalid credential ${JSON.stringify(credential)}: it has to be the name of a secret`);
}

const HASH = /^(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){31})$/;
const SPKI = /^[0-9A-Za-z+/]{43}=$/;

/** What is asked of clients' certificates. Envoy refuses a listener for one hash that is none. */
function checkPeers(tls: ServerTLSSettings, scope: Scope): void {
  const { mode = '', subjectAltNames = [], verifyCertificateSpki = [], verifyCertificateHash = [] } = tls;
  verifyCertificateSpki.forEach((hash, index) => {
    if (!SPKI.test(hash))
      scope.at('verifyCertificateSpki', index).error('has to be a base64-encoded SHA-256 hash');
  });
  verifyCertificateHash.forEach((hash, index) => {
    if (!HASH.test(hash))
      scope.at('verifyCertificateHash', index).error('has to be a hexadecimal SHA-256 hash');
  });
  const asked = subjectAltNames.length + verifyCertificateSpki.length + verifyCertificateHash.length > 0;
  if (asked && !VERIFYING.has(mode) && mode !== 'ISTIO_MUTUAL')
    scope.warn(
      'noEffect',
      `clients prove nothing in the mode ${mode || 'PASSTHROUGH'}: nothing is asked of them`,
    );
}

const VERSIONS: readonly TLSProtocol[] = ['TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'];

function checkVersions({ minProtocolVersion, maxProtocolVersion }: ServerTLSSettings, scope: Scope): void {
  const [low, high] = [minProtocolVersion, maxProtocolVersion].map((version) =>
    version ? VERSIONS.indexOf(version) : -1,
  );
  if (low! >= 0 && high! >= 0 && low! > high!)
    scope.at('minProtocolVersion').error('the minimum TLS version is above the maximum');
}
