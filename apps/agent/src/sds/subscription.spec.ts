import { describe, expect, it } from '@jest/globals';
import { envoy } from '#common/proto/sds';
import type { TlsIdentity } from '#common/identity';
import { SECRET_TYPE } from './messages.js';
import { NO_SECRETS, secretsOf } from './secrets.js';
import { DeltaSubscription, StateOfTheWorldSubscription } from './subscription.js';

const { DiscoveryRequest, DiscoveryResponse, DeltaDiscoveryRequest, DeltaDiscoveryResponse } =
  envoy.service.discovery.v3;
const { Secret } = envoy.extensions.transport_sockets.tls.v3;

const identity = (certChain: string, roots = 'roots'): TlsIdentity => ({
  ...{ certChain, privateKey: 'key', roots },
  ...{ notBefore: 0, notAfter: 1 },
});
const FIRST = secretsOf(identity('chain 1'));
const SECOND = secretsOf(identity('chain 2'));

describe('StateOfTheWorldSubscription', () => {
  it('answers with the secrets that are asked for, readable by the generated code', () => {
    const { ask } = stateOfTheWorld();
    const response = ask({ resourceNames: ['default', 'ROOTCA'] })!;
    expect(response.typeUrl).toBe(SECRET_TYPE);
    expect(response.resources!.map(({ type_url }) => type_url)).toEqual([SECRET_TYPE, SECRET_TYPE]);
    const [own, root] = response.resources!.map(({ value }) => Secret.decode(value!));
    expect(own!.name).toBe('default');
    expect(text(own!.tlsCertificate!.certificateChain!.inlineBytes!)).toBe('chain 1');
    expect(text(own!.tlsCertificate!.privateKey!.inlineBytes!)).toBe('key');
    expect(text(root!.validationContext!.trustedCa!.inlineBytes!)).toBe('roots');
  });

  it('waits for the identity', () => {
    const { ask, subscription } = stateOfTheWorld(NO_SECRETS);
    expect(ask({ resourceNames: ['default'] })).toBeUndefined();
    expect(subscription.onSecrets(FIRST)).toBeDefined();
  });

  it('says nothing to an acknowledgement, and pushes a rotation', () => {
    const { ask, subscription } = stateOfTheWorld();
    const first = ask({ resourceNames: ['default'] })!;
    const ack = { resourceNames: ['default'], responseNonce: first.nonce, versionInfo: first.versionInfo };
    expect(ask(ack)).toBeUndefined();
    const second = DiscoveryResponse.decode(subscription.onSecrets(SECOND)!);
    expect(second.nonce).not.toBe(first.nonce);
    expect(second.versionInfo).not.toBe(first.versionInfo);
  });

  it('pushes nothing to who asked for the roots alone when only the certificate rotates', () => {
    const { ask, subscription } = stateOfTheWorld();
    const { nonce } = ask({ resourceNames: ['ROOTCA'] })!;
    ask({ resourceNames: ['ROOTCA'], responseNonce: nonce });
    expect(subscription.onSecrets(SECOND)).toBeUndefined();
  });

  it('holds rotations back until the last response is answered, then sends the newest', () => {
    const { ask, subscription } = stateOfTheWorld();
    const { nonce } = ask({ resourceNames: ['default'] })!;
    expect(subscription.onSecrets(SECOND)).toBeUndefined();
    expect(subscription.onSecrets(secretsOf(identity('chain 3')))).toBeUndefined();
    const next = ask({ resourceNames: ['default'], responseNonce: nonce })!;
    const secret = Secret.decode(next.resources![0]!.value!);
    expect(text(secret.tlsCertificate!.certificateChain!.inlineBytes!)).toBe('chain 3');
  });

  it('tells of a refusal, sends the refused one no second time, and a later one all the same', () => {
    const { ask, subscription, rejected } = stateOfTheWorld();
    const { nonce } = ask({ resourceNames: ['default'] })!;
    const nack = {
      resourceNames: ['default'],
      responseNonce: nonce,
      errorDetail: { code: 3, message: 'bad key' },
    };
    expect(ask(nack)).toBeUndefined();
    expect(rejected).toEqual(['bad key']);
    expect(subscription.onSecrets(SECOND)).toBeDefined();
  });

  it('takes an old nonce for what it is', () => {
    const { ask, subscription, rejected } = stateOfTheWorld();
    const { nonce } = ask({ resourceNames: ['default'] })!;
    ask({ resourceNames: ['default'], responseNonce: nonce });
    subscription.onSecrets(SECOND);
    expect(
      ask({ resourceNames: ['default'], responseNonce: nonce, errorDetail: { message: 'x' } }),
    ).toBeUndefined();
    expect(rejected).toEqual([]);
  });

  it("serves nobody else's secrets", () => {
    expect(stateOfTheWorld().ask({ resourceNames: ['kubernetes://gateway-cert'] })).toBeUndefined();
  });

  it.each([
    ['another type', { typeUrl: 'type.googleapis.com/envoy.config.cluster.v3.Cluster' }],
    ['more names than anybody needs', { resourceNames: Array.from({ length: 17 }, (_, i) => `s${i}`) }],
  ])('refuses %s', (_what, request) => {
    expect(() => stateOfTheWorld().ask(request)).toThrow();
  });

  it('refuses bytes that are no message', () => {
    expect(() => stateOfTheWorld().subscription.onRequest(Buffer.from([0x0a, 0xff, 0x01]))).toThrow();
  });

  function stateOfTheWorld(secrets = FIRST) {
    const rejected: string[] = [];
    const subscription = new StateOfTheWorldSubscription({ onRejected: (error) => rejected.push(error) });
    subscription.onSecrets(secrets);
    const ask = (request: Parameters<typeof DiscoveryRequest.encode>[0]) => {
      const response = subscription.onRequest(DiscoveryRequest.encode({ ...withNode, ...request }).finish());
      return response && DiscoveryResponse.decode(response);
    };
    return { subscription, rejected, ask };
  }
});

describe('DeltaSubscription', () => {
  it('sends each secret with its version', () => {
    const response = delta().ask({ resourceNamesSubscribe: ['default', 'ROOTCA'] })!;
    expect(response.resources!.map(({ name }) => name)).toEqual(['default', 'ROOTCA']);
    expect(response.resources![0]!.version).toBe(FIRST.get('default')!.version);
    const secret = Secret.decode(response.resources![1]!.resource!.value!);
    expect(text(secret.validationContext!.trustedCa!.inlineBytes!)).toBe('roots');
  });

  it('sends only what changed', () => {
    const { ask, subscription } = delta();
    const { nonce } = ask({ resourceNamesSubscribe: ['default', 'ROOTCA'] })!;
    expect(ask({ responseNonce: nonce })).toBeUndefined();
    const pushed = DeltaDiscoveryResponse.decode(subscription.onSecrets(SECOND)!);
    expect(pushed.resources!.map(({ name }) => name)).toEqual(['default']);
  });

  it('sends nothing to a client that comes back with what is in force', () => {
    const version = FIRST.get('default')!.version;
    const { ask } = delta();
    expect(
      ask({ resourceNamesSubscribe: ['default'], initialResourceVersions: { default: version } }),
    ).toBeUndefined();
  });

  it('says which secrets do not exist, once there is an identity to say it', () => {
    const { ask, subscription } = delta(NO_SECRETS);
    expect(ask({ resourceNamesSubscribe: ['kubernetes://gateway-cert'] })).toBeUndefined();
    const response = DeltaDiscoveryResponse.decode(subscription.onSecrets(FIRST)!);
    expect(response.removedResources).toEqual(['kubernetes://gateway-cert']);
    expect(ask({ responseNonce: response.nonce })).toBeUndefined();
  });

  it('forgets what is unsubscribed from, and sends again what is subscribed to again', () => {
    const { ask, subscription } = delta();
    const first = ask({ resourceNamesSubscribe: ['default'] })!;
    ask({ responseNonce: first.nonce, resourceNamesUnsubscribe: ['default'] });
    expect(subscription.onSecrets(SECOND)).toBeUndefined();
    const again = ask({ resourceNamesSubscribe: ['default'] })!;
    ask({ responseNonce: again.nonce });
    expect(ask({ resourceNamesSubscribe: ['default'] })).toBeDefined();
  });

  it('bounds the names of a stream over all its requests', () => {
    const { ask } = delta();
    for (let i = 0; i < 16; i += 1) ask({ resourceNamesSubscribe: [`s${i}`] });
    expect(() => ask({ resourceNamesSubscribe: ['s16'] })).toThrow('more than 16');
  });

  function delta(secrets = FIRST) {
    const subscription = new DeltaSubscription({ onRejected: () => undefined });
    subscription.onSecrets(secrets);
    const ask = (request: Parameters<typeof DeltaDiscoveryRequest.encode>[0]) => {
      const bytes = DeltaDiscoveryRequest.encode({ ...withNode, ...request }).finish();
      const response = subscription.onRequest(bytes);
      return response && DeltaDiscoveryResponse.decode(response);
    };
    return { subscription, ask };
  }
});

/** What Envoy's first message is full of: fields that the agent has to step over. */
const withNode = {
  node: {
    id: 'sidecar~127.0.0.1~a.b~b.svc.cluster.local',
    extensions: [{ name: 'envoy.x', disabled: true }],
  },
  typeUrl: SECRET_TYPE,
};

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
