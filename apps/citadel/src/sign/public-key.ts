import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Refusal } from '../refusal.js';

/** SubjectPublicKeyInfo up to the point, for uncompressed points on the named curve: the only form TLS peers agree on. */
const EC_SPKI = new Map([
  [91, Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex')],
  [120, Buffer.from('3076301006072a8648ce3d020106052b8104002203620004', 'hex')],
]);
const RSA_SPKI_OID = Buffer.from('300d06092a864886f70d0101010500', 'hex');
const RSA_MIN_BITS = 2048;
const RSA_MAX_BITS = 8192;
/** 65537 is what everybody uses; larger exponents only cost the verifier, smaller ones invite attacks. */
const RSA_EXPONENT = 65537n;

/** Reads a SubjectPublicKeyInfo: P-256, P-384, or RSA of 2048 bits and more. Throws a {@link Refusal}. */
export function readPublicKey(spki: Buffer): KeyObject {
  const curve = EC_SPKI.get(spki.length);
  if (curve?.equals(spki.subarray(0, curve.length))) return parseKey(spki);
  if (!spki.subarray(0, 24).includes(RSA_SPKI_OID)) {
    throw new Refusal('invalid-csr', 'the key is none of P-256, P-384 (uncompressed) and RSA');
  }
  const key = parseKey(spki);
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < RSA_MIN_BITS || modulusLength > RSA_MAX_BITS || publicExponent !== RSA_EXPONENT) {
    throw new Refusal(
      'invalid-csr',
      `an RSA key needs ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits and exponent 65537`,
    );
  }
  return key;
}

function parseKey(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch (error) {
    throw new Refusal('invalid-csr', 'the public key cannot be read', { cause: error });
  }
}
