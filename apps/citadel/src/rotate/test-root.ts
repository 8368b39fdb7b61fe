import { randomBytes } from 'node:crypto';
import { generateKey } from '#common/identity';
import { signLeaf, signRoot } from '../sign/certificate.js';
import { readRoot, type RootFiles } from './root-files.js';

const pemOf = ({ privateKey }: ReturnType<typeof generateKey>): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

/** For tests: a root of its own, valid since long ago; `notAfter` is in milliseconds since the Unix epoch. */
export function newRootFiles({ notAfter = Date.now() + 1e12 } = {}): RootFiles {
  const keys = generateKey();
  const validity = { notBefore: Date.UTC(2020), notAfter };
  return filesOf(signRoot(keys, 'cluster.local', validity, randomBytes(16)), pemOf(keys));
}

/** For tests: a certificate below that root, with its key, that may sign nothing. */
export function newLeafFiles(above: RootFiles): RootFiles {
  const keys = generateKey();
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const validity = { notBefore: Date.UTC(2020), notAfter: Date.now() + 1e11 };
  const names = ['spiffe://cluster.local/ns/default/sa/books'];
  const leaf = signLeaf(readRoot(above), { publicKey, names, validity, serial: randomBytes(16) });
  return { ...filesOf(leaf, pemOf(keys)), 'root-cert.pem': above['root-cert.pem'] };
}

function filesOf(certificate: string, key: string): RootFiles {
  return {
    'ca-cert.pem': certificate,
    'ca-key.pem': key,
    'root-cert.pem': certificate,
    'cert-chain.pem': '',
  };
}
