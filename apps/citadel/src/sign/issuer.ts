import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { der, fromPem, Oid } from '#common/identity';

const { Tag, children, contextTag, expectTag, oidText, parse } = der;

/** A root and its key, taken apart as far as signing needs it. */
export interface Issuer {
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: KeyObject;
  /** DER of its subject: the `issuer` field of what it signs. */
  readonly name: Buffer;
  /** Its subject key identifier, for chains to be found by. */
  readonly keyId: Buffer | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly notAfter: number;
}

/** Reads a P-256 root. Throws an Error when key and certificate do not belong together or cannot sign. */
export function readIssuer(certificatePem: string, keyPem: string): Issuer {
  const certificate = new X509Certificate(certificatePem);
  const privateKey = createPrivateKey(keyPem);
  if (!certificate.ca) throw new Error('the root certificate is not of a certificate authority');
  if (!certificate.checkPrivateKey(privateKey)) throw new Error('the root certificate is of another key');
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new Error('the root key is not P-256');
  const [tbs] = children(parse(fromPem('CERTIFICATE', certificatePem)[0]!));
  const fields = children(expectTag(tbs, Tag.SEQUENCE));
  return {
    certificate: certificatePem,
    privateKey,
    name: expectTag(fields[5], Tag.SEQUENCE).raw,
    keyId: subjectKeyId(fields.find(({ tag }) => tag === contextTag(3, true))),
    notAfter: Date.parse(certificate.validTo),
  };
}

function subjectKeyId(extensions: der.Element | undefined): Buffer | undefined {
  const list = extensions ? children(children(extensions)[0]!) : [];
  for (const extension of list) {
    const [id, value] = children(extension);
    if (oidText(id) !== Oid.subjectKeyIdentifier) continue;
    return parse(expectTag(value, Tag.OCTET_STRING).contents, Tag.OCTET_STRING).contents;
  }
  return undefined;
}
