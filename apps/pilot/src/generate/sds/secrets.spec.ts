import { describe, expect, it } from '@jest/globals';
import { envoy } from '#common/proto/envoy';
import { delta } from '../../ads/delta.js';
import type { World } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { Credential, CredentialChange, CredentialSource } from '../../model/credential.js';
import { provenAs, proxyFromNode } from '../../model/node.js';
import type { Proxy } from '../../model/proxy.js';
import { PushEngine } from '../../push/engine.js';
import type { ProxyConnection } from '../../push/proxy-connection.js';
import { createWorld } from '../../world/world.js';
import { generators } from '../generators.js';
import { secretGenerator } from './generator.js';
import { pickSecret } from './pick-secret.js';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
const { Secret } = envoy.extensions.transport_sockets.tls.v3;

const FOLDER: CredentialSource = { id: 'folder', namespaces: ['*'] };
const CLUSTER: CredentialSource = { id: 'cluster', namespaces: ['edge', 'inner'], reviews: true };

const certificate = (text: string): Credential => ({
  digest: `of ${text}`,
  certificate: { chain: `chain ${text}`, privateKey: `key ${text}` },
});
const withRoots = (text: string): Credential => ({
  ...certificate(text),
  authority: { roots: `roots ${text}` },
});
const rootsOnly = (text: string): Credential => ({
  digest: `ca ${text}`,
  authority: { roots: `roots ${text}` },
});

function change(
  source: string,
  credentials: Record<string, Credential | undefined>,
  more: Partial<CredentialChange> = {},
): CredentialChange {
  return {
    kind: 'credentials',
    source,
    credentials: new Map(Object.entries(credentials)),
    known: ['*'],
    ...more,
  };
}

function proxy(namespace: string, account?: string): Proxy {
  const node = proxyFromNode({
    id: `router~10.0.0.1~gw.${namespace}~${namespace}.svc.cluster.local`,
    cluster: '',
    metadata: { NAMESPACE: namespace },
  });
  if (!node.ok) throw new Error(node.error);
  return account === undefined ? node.proxy : provenAs(node.proxy, { namespace, serviceAccount: account });
}

const worldWith = (sources: CredentialSource[], ...changes: CredentialChange[]): World =>
  changes.reduce((world, each) => world.apply(each).world, createWorld({ credentials: sources }));

function answer(world: World, asks: Proxy, name: string): string {
  const picked = pickSecret(
    world.view(() => undefined),
    asks,
    name,
  );
  if (picked.answer !== 'given') return picked.answer;
  const { content } = picked;
  return 'certificate' in content ? content.certificate.chain : content.authority.roots;
}

describe('who is given which secret', () => {
  const world = worldWith(
    [FOLDER],
    change('folder', {
      'edge/web': withRoots('web'),
      'edge/other': certificate('other'),
      'edge/other-cacert': rootsOnly('other'),
      'edge/bare': certificate('bare'),
      'inner/web': certificate('inner'),
    }),
  );

  it.each([
    ['edge', 'kubernetes://web', 'chain web'],
    ['edge', 'kubernetes://edge/web', 'chain web'],
    ['edge', 'kubernetes-gateway://edge/web', 'chain web'],
    ['edge', 'kubernetes://web-cacert', 'roots web'],
    ['edge', 'kubernetes://other-cacert', 'roots other'],
    ['inner', 'kubernetes://web', 'chain inner'],
    ['edge', 'kubernetes://bare-cacert', 'absent'],
    ['edge', 'kubernetes://other-cacert-cacert', 'roots other'],
    ['edge', 'kubernetes://none', 'absent'],
    ['edge', 'kubernetes://inner/web', 'refused'],
    ['edge', 'kubernetes://inner/web-cacert', 'refused'],
    ['edge', 'kubernetes-gateway://web', 'refused'],
    ['edge', 'kubernetes://edge/../inner/web', 'refused'],
    ['edge', 'kubernetes:///web', 'refused'],
    ['edge', 'default', 'refused'],
    ['edge', '', 'refused'],
  ])('proved in %s, asks for %s: %s', (namespace, name, expected) => {
    expect(answer(world, proxy(namespace, 'gateway'), name)).toBe(expected);
  });

  it('gives nothing to who only says where it is', () => {
    for (const name of ['kubernetes://web', 'kubernetes://edge/web', 'kubernetes://web-cacert'])
      expect(answer(world, proxy('edge'), name)).toBe('refused');
  });

  it('has no key of its inputs, which are kept and compared, hold a private key', () => {
    const inputs = secretGenerator.select(
      world.view(() => undefined),
      proxy('edge', 'gateway'),
      'kubernetes://web',
    );
    expect(inputs?.key).toBe('of web certificate');
  });
});

describe('sources of secrets', () => {
  const asks = proxy('edge', 'gateway');
  const granted = { access: new Map([['edge/gateway', true]]) };

  it('says that a secret is not there only when every source has spoken', () => {
    const silent = worldWith([FOLDER, CLUSTER], change('folder', {}));
    expect(answer(silent, asks, 'kubernetes://web')).toBe('unknown');
    const spoken = silent.apply(change('cluster', {}, { known: ['edge'] })).world;
    expect(answer(spoken, asks, 'kubernetes://web')).toBe('absent');
    // The cluster's source says nothing about namespaces that it does not read.
    expect(answer(silent, proxy('elsewhere', 'gateway'), 'kubernetes://web')).toBe('absent');
  });

  it('puts the folder before the cluster', () => {
    const both = worldWith(
      [FOLDER, CLUSTER],
      change('cluster', { 'edge/web': certificate('cluster') }, granted),
      change('folder', { 'edge/web': certificate('folder') }),
    );
    expect(answer(both, asks, 'kubernetes://web')).toBe('chain folder');
    const one = both.apply(change('folder', { 'edge/web': undefined })).world;
    expect(answer(one, asks, 'kubernetes://web')).toBe('chain cluster');
  });

  it("gives what the proxy's service account may read", () => {
    const world = worldWith([CLUSTER], change('cluster', { 'edge/web': certificate('web') }));
    expect(answer(world, asks, 'kubernetes://web')).toBe('unknown');
    const access = (allowed: boolean) =>
      change('cluster', {}, { access: new Map([['edge/gateway', allowed]]) });
    const allowed = world.apply(access(true)).world;
    expect(answer(allowed, asks, 'kubernetes://web')).toBe('chain web');
    expect(answer(allowed, proxy('edge', 'other'), 'kubernetes://web')).toBe('unknown');
    expect(answer(allowed.apply(access(false)).world, asks, 'kubernetes://web')).toBe('refused');
  });
});

/** A Pilot whose proxies ask for secrets. */
class Rig {
  readonly engine = new PushEngine(generators, { warmingTimeoutMs: 5_000, maxNames: 100, maxTypes: 16 });

  constructor(private world: World) {
    this.engine.update({ world, changed: [], committedAt: undefined, receivedAt: 0 });
  }

  learn(credentials: CredentialChange): void {
    const { world, changed } = this.world.apply(credentials);
    this.world = world;
    this.engine.update({ world, changed, cause: 'registry', committedAt: undefined, receivedAt: 0 });
  }

  /** Asks for secrets as Envoy does, which may hold some from before. */
  subscribe(who: Proxy, names: string[], held: Record<string, string> = {}): ProxyConnection {
    const connection = this.engine.connect(who, delta, 0);
    const request = { typeUrl: TYPE.secret, resourceNamesSubscribe: names, initialResourceVersions: held };
    connection.receive(delta.decode(DeltaDiscoveryRequest.encode(request).finish() as Buffer), 0);
    return connection;
  }
}

/** What a proxy is sent next, acknowledged at once: certificates and roots by name, and what is taken away. */
function next(
  connection: ProxyConnection,
  now = 0,
): { sent: Record<string, string>; removed: string[] } | undefined {
  const response = connection.next(now);
  if (!response) return undefined;
  const { resources, removedResources, nonce, typeUrl } = DeltaDiscoveryResponse.decode(response.bytes);
  const ack = DeltaDiscoveryRequest.encode({ typeUrl, responseNonce: nonce }).finish();
  connection.receive(delta.decode(ack as Buffer), now);
  const texts = resources.map(({ name, resource }) => {
    const { tlsCertificate, validationContext } = Secret.decode(resource!.value!);
    const bytes = tlsCertificate?.certificateChain?.inlineBytes ?? validationContext?.trustedCa?.inlineBytes;
    return [name, Buffer.from(bytes ?? []).toString()] as const;
  });
  return { sent: Object.fromEntries(texts), removed: removedResources };
}

describe('proxies that ask for secrets', () => {
  const WEB = 'kubernetes://web';
  const LATER = 10_000;

  it('are sent them, and each change, and what is not there', () => {
    const rig = new Rig(worldWith([FOLDER], change('folder', { 'edge/web': certificate('one') })));
    const gateway = rig.subscribe(proxy('edge', 'gateway'), [WEB, 'kubernetes://none']);
    expect(next(gateway)).toEqual({ sent: { [WEB]: 'chain one' }, removed: ['kubernetes://none'] });
    rig.learn(change('folder', { 'edge/web': certificate('two') }));
    expect(next(gateway)).toEqual({ sent: { [WEB]: 'chain two' }, removed: [] });
    rig.learn(change('folder', { 'inner/web': certificate('of others') }));
    expect(next(gateway)).toBeUndefined();
    rig.learn(change('folder', { 'edge/none': certificate('late') }));
    expect(next(gateway)).toEqual({ sent: { 'kubernetes://none': 'chain late' }, removed: [] });
  });

  it('share what is made with those alone that proved the same', () => {
    const rig = new Rig(worldWith([FOLDER], change('folder', { 'edge/web': certificate('one') })));
    const gateway = rig.subscribe(proxy('edge', 'gateway'), [WEB]);
    const stranger = rig.subscribe(proxy('edge'), [WEB]);
    expect(next(gateway)?.sent).toEqual({ [WEB]: 'chain one' });
    expect(next(stranger)).toEqual({ sent: {}, removed: [WEB] });
    rig.learn(change('folder', { 'edge/web': certificate('two') }));
    expect(next(gateway)?.sent).toEqual({ [WEB]: 'chain two' });
    expect(next(stranger)).toBeUndefined();
  });

  it('keep what they have while nobody knows whether it is still there', () => {
    const rig = new Rig(worldWith([CLUSTER]));
    const gateway = rig.subscribe(proxy('edge', 'gateway'), [WEB], { [WEB]: 'from before' });
    expect(next(gateway, LATER)).toBeUndefined();
    const access = new Map([['edge/gateway', true]]);
    rig.learn(change('cluster', { 'edge/web': certificate('one') }, { known: ['edge'], access }));
    expect(next(gateway, LATER)).toEqual({ sent: { [WEB]: 'chain one' }, removed: [] });
  });

  it('lose it once it is known to be gone', () => {
    const rig = new Rig(worldWith([CLUSTER]));
    const gateway = rig.subscribe(proxy('edge', 'gateway'), [WEB], { [WEB]: 'from before' });
    expect(next(gateway, LATER)).toBeUndefined();
    rig.learn(change('cluster', {}, { known: ['edge'] }));
    expect(next(gateway, LATER)).toEqual({ sent: {}, removed: [WEB] });
  });
});
