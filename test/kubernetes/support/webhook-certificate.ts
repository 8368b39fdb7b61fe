import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestCa } from '../../../libs/common/src/identity/test-ca.js';

/** A certificate of 127.0.0.1, in files of a folder. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  readonly roots: string;
}

export function certificateFiles(folder: string): CertificateFiles {
  const [certificate, key, roots] = [
    join(folder, 'cert.pem'),
    join(folder, 'key.pem'),
    join(folder, 'roots.pem'),
  ];
  return { certificate, key, roots };
}

/** Has the authority issue one, or another one, into the files; its roots, in PEM. */
export async function writeCertificate(ca: TestCa, files: CertificateFiles): Promise<string> {
  const identity = await ca.issue([{ type: 'ip', value: '127.0.0.1' }]);
  writeFileSync(files.roots, identity.roots);
  writeFileSync(files.key, identity.privateKey);
  writeFileSync(files.certificate, identity.certChain);
  return identity.roots;
}

/** What a Galley is to be started with that answers an API server on this host. */
export function webhookFlags(port: number, { certificate, key, roots }: CertificateFiles): string[] {
  const url = `https://127.0.0.1:${port}`;
  return [
    ...['--webhook', `127.0.0.1:${port}`, '--webhook-url', url, '--root', roots],
    ...['--webhook-cert', certificate, '--webhook-key', key],
  ];
}
