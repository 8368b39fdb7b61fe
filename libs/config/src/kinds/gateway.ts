export type TLSProtocol = 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';

export interface Port {
  number: number;
  protocol: string;
  name?: string;
  targetPort?: number;
}

/** A certificate in files of the gateway's host. */
export interface TLSCertificate {
  serverCertificate?: string;
  privateKey?: string;
  caCertificates?: string;
}

/** @see https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings */
export interface ServerTLSSettings extends TLSCertificate {
  httpsRedirect?: boolean;
  mode?: 'PASSTHROUGH' | 'SIMPLE' | 'MUTUAL' | 'AUTO_PASSTHROUGH' | 'ISTIO_MUTUAL' | 'OPTIONAL_MUTUAL';
  caCrl?: string;
  /** A secret that Pilot hands out: `name`, `kubernetes://name` or `kubernetes-gateway://namespace/name`. */
  credentialName?: string;
  /** At most two, one with an RSA key and one with an ECDSA key. */
  credentialNames?: string[];
  /** The secret that says whom to trust, in place of that of `credentialName`. */
  caCertCredentialName?: string;
  /** At most two, likewise. */
  tlsCertificates?: TLSCertificate[];
  /** Names of which a client has to prove one. */
  subjectAltNames?: string[];
  /** Base64 SHA-256 hashes of which the client's public key has to have one. */
  verifyCertificateSpki?: string[];
  /** Hexadecimal SHA-256 hashes of which the client's certificate has to have one. */
  verifyCertificateHash?: string[];
  minProtocolVersion?: TLSProtocol;
  maxProtocolVersion?: TLSProtocol;
  cipherSuites?: string[];
  ecdhCurves?: string[];
}

export interface Server {
  /** Names the server's statistics. */
  name?: string;
  port: Port;
  /** An address, or `unix:///path`; the wildcard address where it is left out. */
  bind?: string;
  /** `[namespace/]dnsName`; namespace may be `.` or `*`. */
  hosts: string[];
  tls?: ServerTLSSettings;
  defaultEndpoint?: string;
}

/** @see https://istio.io/latest/docs/reference/config/networking/gateway/ */
export interface Gateway {
  selector?: Record<string, string>;
  servers: Server[];
}
