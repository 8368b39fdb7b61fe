import { sign, type KeyObject } from 'node:crypto';
import { der, Oid } from '#common/identity';

const { element, oid, sequence, Tag } = der;

/** How a key signs: the algorithm as certificates name it, and the hash. */
export interface Signature {
  readonly algorithm: Buffer;
  readonly sign: (bytes: Buffer) => Buffer;
}

/** Throws an Error for keys that no peer would verify. @see https://www.rfc-editor.org/rfc/rfc5758#section-3.2 */
export function signatureOf(key: KeyObject): Signature {
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  const by = (algorithm: Buffer, hash: string): Signature => ({
    algorithm,
    sign: (bytes) => sign(hash, bytes, key),
  });
  if (namedCurve === 'prime256v1') return by(sequence(oid(Oid.ecdsaWithSha256)), 'sha256');
  if (namedCurve === 'secp384r1') return by(sequence(oid(Oid.ecdsaWithSha384)), 'sha384');
  if (key.asymmetricKeyType === 'rsa')
    return by(sequence(oid(Oid.rsaWithSha256), element(Tag.NULL, Buffer.alloc(0))), 'sha256');
  throw new Error('the key of the certificate authority is none of P-256, P-384 and RSA');
}
