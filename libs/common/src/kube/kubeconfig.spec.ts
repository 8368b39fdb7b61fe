import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Credentials } from './credentials.js';
import { inCluster, parseKubeconfig, readKubeconfig } from './kubeconfig.js';

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'q-kc-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const kubeconfig = (user: string): string => `
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {cluster: here, user: me, namespace: books}
- name: bare
  context: {cluster: here}
clusters:
- name: here
  cluster: {server: 'https://10.0.0.1:6443/', certificate-authority: ca.pem, tls-server-name: kubernetes}
users:
- name: me
  user: ${user}
`;

describe('a kubeconfig', () => {
  it('names a server and who asks it, files by its own folder', () => {
    const config = parseKubeconfig(kubeconfig(`{token: abc, client-key-data: ${base64('key')}}`), '/home/me');
    expect(config).toEqual({
      server: 'https://10.0.0.1:6443',
      ca: { file: '/home/me/ca.pem' },
      serverName: 'kubernetes',
      insecure: false,
      namespace: 'books',
      user: { token: { data: Buffer.from('abc') }, key: { data: Buffer.from('key') } },
    });
  });

  it('can be asked for another context', () => {
    const config = parseKubeconfig(kubeconfig('{token: abc}'), '/', 'bare');
    expect(config).toMatchObject({ namespace: 'default', user: {} });
  });

  it.each([
    ['current-context: dev\n', 'contexts: there is no "dev"'],
    ['a: 1\n', 'no current-context'],
    ['[1]\n', 'this is no kubeconfig'],
  ])('that says %j is refused in words', (text, message) => {
    writeFileSync(join(folder, 'config'), text);
    expect(() => readKubeconfig(join(folder, 'config'))).toThrow(message);
  });

  it('with a way to sign in that Kubernetes has removed is refused', () => {
    expect(() => parseKubeconfig(kubeconfig('{auth-provider: {name: gcp}}'), '/')).toThrow('use exec');
  });
});

describe('in a pod', () => {
  it('the account that it runs as is used', () => {
    writeFileSync(join(folder, 'namespace'), 'istio-system\n');
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    expect(inCluster(env, folder)).toMatchObject({
      server: 'https://[fd00::1]:443',
      namespace: 'istio-system',
      user: { token: { file: join(folder, 'token') } },
    });
    expect(() => inCluster({}, folder)).toThrow('not in a pod');
  });
});

describe('credentials', () => {
  const token = (): string => join(folder, 'token');

  it('follow a token that is replaced, and outlive the instant in which it is away', async () => {
    writeFileSync(token(), 'first\n');
    const credentials = new Credentials({ user: { token: { file: token() } } });
    expect((await credentials.current()).authorization).toBe('Bearer first');
    writeFileSync(token(), 'second\n');
    credentials.distrust();
    expect((await credentials.current()).authorization).toBe('Bearer second');
    rmSync(token());
    credentials.distrust();
    expect((await credentials.current()).authorization).toBe('Bearer second');
  });

  it('differ in print as soon as the certificate does', async () => {
    const of = async (cert: string) =>
      new Credentials({ user: { certificate: { data: Buffer.from(cert) } } }).current();
    expect((await of('a')).tlsPrint).not.toBe((await of('b')).tlsPrint);
    expect((await of('a')).tls.cert).toEqual(Buffer.from('a'));
  });

  it('come from a plugin, once until they end', async () => {
    const answer = { status: { token: 'made', expirationTimestamp: '2999-01-01T00:00:00Z' } };
    const script = join(folder, 'plugin');
    const lines = ['#!/bin/sh', `echo run >> ${folder}/runs`, `echo '${JSON.stringify(answer)}'`];
    writeFileSync(script, lines.join('\n'), { mode: 0o755 });
    const config = parseKubeconfig(kubeconfig('{exec: {command: ./plugin, args: [a]}}'), folder);
    const credentials = new Credentials({ user: config.user });
    const all = await Promise.all([credentials.current(), credentials.current()]);
    expect(all.map(({ authorization }) => authorization)).toEqual(['Bearer made', 'Bearer made']);
    expect(readFileSync(join(folder, 'runs'), 'utf8')).toBe('run\n');
  });
});
