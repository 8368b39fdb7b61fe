import { bool, labels, list, message, noEffect, oneOf, text, uint32 } from './builder.js';
import type { Schema } from './builder.js';

export const port = message({ number: uint32, protocol: text, name: text, targetPort: uint32 });

const version = oneOf('TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3');
const certificate = { serverCertificate: text, privateKey: text, caCertificates: text };

export const serverTlsFields = {
  httpsRedirect: bool,
  mode: oneOf('PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'),
  ...certificate,
  caCrl: text,
  credentialName: text,
  credentialNames: list(text),
  caCertCredentialName: text,
  tlsCertificates: list(message(certificate)),
  subjectAltNames: list(text),
  verifyCertificateSpki: list(text),
  verifyCertificateHash: list(text),
  minProtocolVersion: version,
  maxProtocolVersion: version,
  cipherSuites: list(text),
  ecdhCurves: list(text),
};

/** @see https://istio.io/latest/docs/reference/config/networking/gateway/ */
export const gateway: Schema = message({
  selector: labels,
  servers: list(
    message({
      name: text,
      port: message({
        number: uint32,
        protocol: text,
        name: text,
        targetPort: noEffect('it is for services: where a gateway listens, its own service decides'),
      }),
      bind: text,
      hosts: list(text),
      tls: message(serverTlsFields),
      defaultEndpoint: noEffect('Istio acts on it nowhere'),
    }),
  ),
});
