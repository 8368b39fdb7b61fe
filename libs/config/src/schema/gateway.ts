import { bool, labels, list, message, oneOf, refused, text, uint32, unsupported } from './builder.js';
import type { Schema } from './builder.js';

export const port = message({ number: uint32, protocol: text, name: text, targetPort: uint32 });

export const serverTls = message({
  httpsRedirect: bool,
  mode: oneOf('PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL'),
  serverCertificate: text,
  privateKey: text,
  caCertificates: text,
  caCrl: refused,
  credentialName: text,
  credentialNames: refused,
  caCertCredentialName: refused,
  tlsCertificates: refused,
  subjectAltNames: list(text),
  verifyCertificateSpki: refused,
  verifyCertificateHash: refused,
  minProtocolVersion: refused,
  maxProtocolVersion: refused,
  cipherSuites: refused,
});

/** @see https://istio.io/latest/docs/reference/config/networking/gateway/ */
export const gateway: Schema = message({
  selector: labels,
  servers: list(
    message({
      name: text,
      port,
      bind: text,
      hosts: list(text),
      tls: serverTls,
      defaultEndpoint: text,
    }),
  ),
  addresses: unsupported,
});
