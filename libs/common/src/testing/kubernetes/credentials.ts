import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestCa } from '../../identity/test-ca.js';

/** Somebody whom the API server knows by a token. */
export interface KubernetesUser {
  readonly name: string;
  readonly groups?: readonly string[];
}

/** Everything secret that one API server of the tests is started with. */
export interface KubernetesCredentials {
  readonly ca: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly tokenFile: string;
  /** Signs service accounts' tokens. */
  readonly accountKeyFile: string;
  /** The token of each user, by name; `admin` may do everything. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Signs client certificates, too: the common name is the user's. */
  readonly authority: TestCa;
}

const ADMIN: KubernetesUser = { name: 'admin', groups: ['system:masters'] };

export async function makeCredentials(
  folder: string,
  users: readonly KubernetesUser[],
): Promise<KubernetesCredentials> {
  // Most tests that use these rigs have no use for the certificate library.
  await import('reflect-metadata');
  const { TestCa } = await import('../../identity/test-ca.js');
  const authority = await TestCa.create('CN=kubernetes');
  const serving = await authority.issue([
    { type: 'ip', value: '127.0.0.1' },
    { type: 'dns', value: 'localhost' },
    { type: 'dns', value: 'kubernetes.default.svc' },
  ]);
  const account = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const known = [ADMIN, ...users].map((user) => ({ ...user, token: randomBytes(16).toString('hex') }));
  const lines = known.map(({ name, token, groups = [] }) => `${token},${name},${name},"${groups.join(',')}"`);
  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return {
    ca: authority.roots,
    caFile: write('ca.pem', authority.roots),
    certFile: write('serving.pem', serving.certChain),
    keyFile: write('serving-key.pem', serving.privateKey),
    tokenFile: write('tokens.csv', `${lines.join('\n')}\n`),
    accountKeyFile: write(
      'accounts-key.pem',
      account.privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    ),
    tokens: new Map(known.map(({ name, token }) => [name, token])),
    authority,
  };
}

/** A kubeconfig for one user, as JSON, which is YAML. */
export function kubeconfigText(server: string, ca: string, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [
      { name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'test', user }],
  });
}
