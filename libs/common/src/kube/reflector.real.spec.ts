import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { describeKubernetes, startKubernetes, startTcpProxy, tempDir, until } from '#common/testing';
import type { RunningKubernetes } from '#common/testing';
import { KubeError } from './errors.js';
import { resourcePath, type KubeObject } from './objects.js';
import { AWAY_MS } from './presence.js';
import { closeReflectors, CONFIG_MAPS, startReflector } from './reflector.rig.js';
import { watchEvents } from './watch.js';

let kubernetes: RunningKubernetes;

jest.setTimeout(120_000);

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const WIDGETS = { group: 'example.io', version: 'v1', plural: 'widgets' };
const path = (name?: string): string => resourcePath(CONFIG_MAPS, 'default', name);
const manifest = (name: string, v: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { v },
});

async function create(name: string, v: string): Promise<string> {
  const { body } = await kubernetes.client.send<KubeObject>('POST', path(), { body: manifest(name, v) });
  return body.metadata.resourceVersion ?? '';
}
const update = (name: string, v: string) =>
  kubernetes.client.send('PUT', path(name), { body: manifest(name, v) });
const remove = (name: string) => kubernetes.client.send('DELETE', path(name));
const removeAll = () => kubernetes.client.send('DELETE', path(), { query: { labelSelector: 'a!=b' } });

/** One namespace, so that what Kubernetes puts into others is nobody's concern. */
const HERE = { namespace: 'default' };

describeKubernetes('a reflector', () => {
  beforeAll(async () => {
    kubernetes = await startKubernetes({ users: [{ name: 'reader' }] });
  }, 180_000);
  afterEach(async () => {
    await closeReflectors();
    await removeAll();
  });
  afterAll(() => kubernetes?.stop());

  it('lists in pages and goes on from there', async () => {
    for (let at = 0; at < 25; at += 1) await create(`m${at}`, 'old');
    const rig = startReflector(kubernetes, { ...HERE, timings: { pageSize: 10 } });
    await until(() => rig.reflector.synced);
    expect(rig.known.size).toBe(25);
    await update('m3', 'new');
    await remove('m4');
    await create('m99', 'new');
    await until(() => rig.known.get('default/m99') === 'new');
    expect(rig.words.slice(25)).toEqual(['default/m3=new', '-default/m4', 'default/m99=new']);
    expect(rig.reflector.size).toBe(25);
  });

  it('reports what is gone since before it began, and keeps one word per object for who is slow', async () => {
    await create('a', '0');
    const rig = startReflector(kubernetes, { ...HERE, expected: ['default/a', 'default/gone'] });
    await until(() => rig.words.includes('-default/gone'));
    rig.attentive = false;
    for (let at = 1; at <= 20; at += 1) await update('a', String(at));
    await create('b', '0');
    await remove('b');
    const seen = startReflector(kubernetes, HERE);
    await until(() => seen.known.get('default/a') === '20');
    await create('end', '');
    await until(() => seen.known.has('default/end'));
    await until(() => rig.reflector.size === 2);
    rig.take();
    expect(rig.words.slice(2)).toEqual(['default/a=20', '-default/b', 'default/end=']);
  });

  it('goes on where it was when the server restarts', async () => {
    await create('a', '1');
    const rig = startReflector(kubernetes, HERE);
    await until(() => rig.known.size === 1);
    await kubernetes.stopApiServer('SIGKILL');
    await until(() => rig.reflector.state.kind === 'stale');
    expect(rig.known.get('default/a')).toBe('1');
    await kubernetes.startApiServer();
    await create('b', '1');
    await until(() => rig.known.has('default/b'), { timeout: 20_000 });
    expect(rig.words).toEqual(['default/a=1', 'default/b=1']);
    expect(rig.states.map(({ kind }) => kind)).toEqual(['live', 'stale', 'live']);
  }, 180_000);

  it('tries again at once when another one of the same server was answered', async () => {
    const patient = startReflector(kubernetes, {
      ...HERE,
      timings: { backoff: { first: 300_000, longest: 300_000 } },
    });
    const { client } = patient;
    const eager = startReflector(kubernetes, { ...HERE, client });
    await until(() => patient.reflector.synced && eager.reflector.synced);
    await kubernetes.stopApiServer('SIGKILL');
    await until(() => [patient, eager].every(({ reflector }) => reflector.state.kind === 'stale'));
    const staleSince = performance.now();
    await until(() => performance.now() - staleSince > AWAY_MS);
    await kubernetes.startApiServer();
    await until(() => patient.reflector.state.kind === 'live', { timeout: 20_000 });
  }, 180_000);

  it('gives up a connection that does not come about, and makes another one', async () => {
    const proxy = await startTcpProxy(kubernetes.port);
    const rig = startReflector(kubernetes, { ...HERE, port: proxy.port });
    await until(() => rig.reflector.synced);
    proxy.set('closed');
    await until(() => rig.reflector.state.kind === 'stale');
    const before = proxy.taken();
    proxy.set('silent');
    await until(() => proxy.taken() > before);
    proxy.set('open');
    await until(() => rig.reflector.state.kind === 'live', { timeout: 40_000 });
    proxy.close();
  });

  it('lists anew where its place is too old, and finds what was deleted meanwhile', async () => {
    const place = await create('a', '1');
    await create('b', '1');
    await create('c', '1');
    const proxy = await startTcpProxy(kubernetes.port);
    const rig = startReflector(kubernetes, { ...HERE, port: proxy.port });
    await until(() => rig.known.size === 3);
    proxy.set('closed');
    await remove('a');
    await update('b', '2');
    // A server that has only just started remembers nothing from before.
    await kubernetes.stopApiServer();
    await kubernetes.startApiServer();
    // Until it has read what there is, it says something else.
    await until(() => isTooOld(place), { what: 'the place to be too old' });
    proxy.set('open');
    await until(() => !rig.known.has('default/a'), { timeout: 20_000 });
    expect(rig.words.slice(3).sort()).toEqual(['-default/a', 'default/b=2']);
    proxy.close();
  }, 180_000);

  it('notices a connection on which nothing comes any more', async () => {
    const proxy = await startTcpProxy(kubernetes.port);
    const rig = startReflector(kubernetes, { ...HERE, port: proxy.port, timings: { silence: 1_000 } });
    await until(() => rig.reflector.synced);
    proxy.set('silent');
    await create('a', '1');
    await until(() => rig.reflector.state.kind === 'stale', { timeout: 20_000 });
    proxy.set('open');
    await until(() => rig.known.has('default/a'), { timeout: 40_000 });
    proxy.close();
  });

  it('says when it may not watch, and goes on when it may', async () => {
    const role = `${RBAC}/namespaces/default/roles`;
    const binding = `${RBAC}/namespaces/default/rolebindings`;
    const grant = () => kubernetes.client.send('POST', binding, { body: BINDING });
    await kubernetes.client.send('POST', role, { body: ROLE });
    await grant();
    const user = { token: kubernetes.credentials.tokens.get('reader') };
    const rig = startReflector(kubernetes, { ...HERE, user, timings: { watchSeconds: 1 } });
    await create('a', '1');
    await until(() => rig.known.has('default/a'));
    await kubernetes.client.send('DELETE', `${binding}/reader`);
    await until(() => rig.reflector.state.kind === 'stale', { timeout: 20_000 });
    expect(rig.reflector.state).toMatchObject({
      status: 403,
      reason: expect.stringContaining('cannot watch'),
    });
    await update('a', '2');
    expect(rig.known.get('default/a')).toBe('1');
    await grant();
    await until(() => rig.known.get('default/a') === '2', { timeout: 20_000 });
  });

  it('waits for a type that is not installed, and lets its objects go when it is removed', async () => {
    const others = startReflector(kubernetes, HERE);
    const rig = startReflector(kubernetes, { type: WIDGETS, timings: { absence: 2_000 } });
    await until(() => rig.reflector.state.kind === 'absent');
    await until(() => others.reflector.state.kind === 'live');
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    await kubernetes.client.send('POST', crds, { body: WIDGET_CRD });
    await until(() => rig.reflector.state.kind === 'live', { timeout: 20_000 });
    const widget = { apiVersion: 'example.io/v1', kind: 'Widget', metadata: { name: 'w' }, data: { v: '1' } };
    await kubernetes.client.send('POST', resourcePath(WIDGETS, 'default'), { body: widget });
    await until(() => rig.known.get('default/w') === '1');
    await kubernetes.client.send('DELETE', `${crds}/widgets.example.io`);
    await until(() => rig.reflector.state.kind === 'absent' && rig.known.size === 0, { timeout: 20_000 });
  });

  it('follows a token and a certificate that are replaced', async () => {
    const folder = tempDir();
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'not yet');
    const rig = startReflector(kubernetes, { ...HERE, user: { tokenFile } });
    await until(() => rig.reflector.state.kind === 'stale');
    expect(rig.reflector.state).toMatchObject({ status: 401 });
    writeFileSync(`${tokenFile}.new`, kubernetes.credentials.tokens.get('admin')!);
    renameSync(`${tokenFile}.new`, tokenFile);
    await until(() => rig.reflector.synced);
  });

  it('signs in by a certificate, and by the next one', async () => {
    const folder = tempDir();
    const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const become = async (subject: string): Promise<void> => {
      const { authority } = kubernetes.credentials;
      const { certChain, privateKey } = await authority.issue('spiffe://a/b', 60_000, subject);
      writeFileSync(certificate, certChain);
      writeFileSync(key, privateKey);
    };
    await become('CN=stranger');
    const user = { 'client-certificate': certificate, 'client-key': key };
    const rig = startReflector(kubernetes, { ...HERE, user });
    await until(() => rig.reflector.state.kind === 'stale');
    expect(rig.reflector.state).toMatchObject({ status: 403, reason: expect.stringContaining('"stranger"') });
    await become('CN=admin, O=system:masters');
    await until(() => rig.reflector.synced, { timeout: 20_000 });
  });
});

async function isTooOld(resourceVersion: string): Promise<boolean> {
  const watch = watchFrom(resourceVersion);
  return watch.then(
    () => false,
    (error: KubeError) => error.status === 410,
  );
}

async function watchFrom(resourceVersion: string): Promise<void> {
  const signal = AbortSignal.timeout(5_000);
  const options = { resourceVersion, seconds: 1, silence: 5_000, signal };
  for await (const { type } of watchEvents(kubernetes.client, path(), options))
    if (type !== 'BOOKMARK') throw new KubeError(0, '', 'the server still knew the place');
}

const ROLE = {
  metadata: { name: 'reader' },
  rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }],
};
const BINDING = {
  metadata: { name: 'reader' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
};
const WIDGET_CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.io' },
  spec: {
    group: 'example.io',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
