import { describe, expect, it } from '@jest/globals';
import { envoy } from '#common/proto/envoy';
import { TYPE, type XdsResource } from '../model/contract.js';
import { delta } from './delta.js';
import { sotw } from './sotw.js';
import { KEEP, Subscription } from './subscription.js';

const { DeltaDiscoveryRequest, DiscoveryRequest } = envoy.service.discovery.v3;
type DeltaRequest = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;
type SotwRequest = envoy.service.discovery.v3.DiscoveryRequest.$Properties;

const resource = (name: string, version = '1'): XdsResource => ({
  name,
  version,
  value: Buffer.from(name),
  sources: [],
});

function overDelta(type: string, wildcardType: boolean, ...requests: DeltaRequest[]): Subscription {
  const subscription = new Subscription(type);
  for (const request of requests) {
    const bytes = DeltaDiscoveryRequest.encode({ typeUrl: type, ...request }).finish();
    delta.read(subscription, delta.decode(bytes), wildcardType);
  }
  return subscription;
}

function overSotw(subscription: Subscription, wildcardType: boolean, request: SotwRequest): boolean {
  const bytes = DiscoveryRequest.encode({ typeUrl: subscription.type, ...request }).finish();
  return sotw.read(subscription, sotw.decode(bytes), wildcardType);
}

/** Brings the subscription to holding these, ACKed. */
function hold(subscription: Subscription, ...resources: XdsResource[]): void {
  subscription.record('0', '', { upserts: resources, removals: [], absent: [] }, 0);
  subscription.ack('0');
  subscription.pending.clear();
}

describe('a delta subscription', () => {
  it('is a wildcard when its first request names nothing', () => {
    expect(overDelta(TYPE.cluster, true, {}).wildcard).toBe(true);
    expect(overDelta(TYPE.endpoint, false, {}).wildcard).toBe(false);
    expect(overDelta(TYPE.cluster, true, { resourceNamesSubscribe: ['a'] }).wildcard).toBe(false);
    expect(overDelta(TYPE.cluster, true, { resourceNamesSubscribe: ['*', 'a'] })).toMatchObject({
      wildcard: true,
    });
  });

  it('stays a wildcard when a later request names something', () => {
    const subscription = overDelta(TYPE.cluster, true, {}, { resourceNamesSubscribe: ['a'] });
    expect(subscription.wildcard).toBe(true);
    expect([...subscription.names]).toEqual(['a']);
  });

  it('ends being a wildcard when it drops *', () => {
    const subscription = overDelta(TYPE.cluster, true, { resourceNamesSubscribe: ['*', 'a'] });
    hold(subscription, resource('a'), resource('b'));
    const drop = DeltaDiscoveryRequest.encode({
      typeUrl: TYPE.cluster,
      resourceNamesUnsubscribe: ['*'],
    }).finish();
    delta.read(subscription, delta.decode(drop), true);
    expect(subscription.wildcard).toBe(false);
    expect([...subscription.held.keys()]).toEqual(['a']);
  });

  it('is sent again what it asks for again', () => {
    const subscription = overDelta(TYPE.endpoint, false, { resourceNamesSubscribe: ['a'] });
    hold(subscription, resource('a'));
    expect(subscription.compare(['a'], resource).upserts).toEqual([]);
    subscription.subscribe(['a']);
    expect(subscription.compare(['a'], resource).upserts).toEqual([resource('a')]);
  });

  it('hears of a name that it dropped and its wildcard covers', () => {
    const subscription = overDelta(TYPE.cluster, true, { resourceNamesSubscribe: ['*', 'a'] });
    hold(subscription, resource('a'));
    subscription.unsubscribe(['a']);
    expect([...subscription.pending]).toEqual(['a']);
    expect(subscription.compare(['a'], resource).upserts).toEqual([resource('a')]);
  });

  it('takes up what the client held before, as far as it still asks for it', () => {
    const initialResourceVersions = { a: '1', b: '1', c: '1' };
    const named = overDelta(TYPE.endpoint, false, {
      resourceNamesSubscribe: ['a', 'b'],
      initialResourceVersions,
    });
    const current = (name: string) => (name === 'a' ? resource('a') : undefined);
    expect(named.compare(named.pending, current)).toEqual({ upserts: [], removals: ['b'], absent: [] });
    const all = overDelta(TYPE.cluster, true, { initialResourceVersions });
    expect(all.compare(all.pending, current).removals).toEqual(['b', 'c']);
  });

  it('is told once of a name that does not exist', () => {
    const subscription = overDelta(TYPE.endpoint, false, { resourceNamesSubscribe: ['a'] });
    const difference = subscription.compare(['a'], () => undefined);
    expect(difference.absent).toEqual(['a']);
    subscription.record('1', '', difference, 0);
    expect(subscription.compare(['a'], () => undefined)).toEqual({ upserts: [], removals: [], absent: [] });
    expect(subscription.compare(['a'], resource).upserts).toHaveLength(1);
  });

  it('leaves alone what is to be kept', () => {
    const subscription = overDelta(TYPE.virtualHost, true, { initialResourceVersions: { '80/a': '1' } });
    expect(subscription.compare(['80/a'], () => KEEP)).toEqual({ upserts: [], removals: [], absent: [] });
  });
});

describe('answers to responses', () => {
  it('count once, by nonce', () => {
    const subscription = overDelta(TYPE.cluster, true, {});
    subscription.record('1', '', { upserts: [resource('a')], removals: [], absent: [] }, 5);
    expect(subscription.settled('a')).toBe(false);
    expect(subscription.ack('other')).toBeUndefined();
    expect(subscription.ack('1')).toMatchObject({ sentAt: 5 });
    expect(subscription.settled('a')).toBe(true);
    expect(subscription.ack('1')).toBeUndefined();
  });

  it('that refuse leave the client with what it had', () => {
    const subscription = overDelta(TYPE.listener, true, {});
    hold(subscription, resource('a', '1'));
    subscription.record('2', '', { upserts: [resource('a', '2')], removals: [], absent: [] }, 0);
    const nack = subscription.nack('2', 'no', 7);
    expect(nack?.blamed).toEqual([{ name: 'a', version: '2', message: 'no', sources: [], at: 7 }]);
    expect(subscription.held.get('a')?.version).toBe('1');
    expect(subscription.compare(['a'], () => resource('a', '2')).upserts).toEqual([]);
    expect(subscription.compare(['a'], () => resource('a', '3')).upserts).toHaveLength(1);
    expect(subscription.compare(['a'], () => resource('a', '1')).upserts).toEqual([]);
    expect(subscription.rejected.size).toBe(0);
  });

  it('that refuse a cluster let it be sent once more as it was, to take the place of the refused one', () => {
    const subscription = overDelta(TYPE.cluster, true, {});
    hold(subscription, resource('a', '1'));
    subscription.record('2', '', { upserts: [resource('a', '2')], removals: [], absent: [] }, 0);
    subscription.nack('2', 'no', 7);
    expect(subscription.compare(['a'], () => resource('a', '1')).upserts).toHaveLength(1);
    expect(subscription.compare(['a'], () => resource('a', '1')).upserts).toEqual([]);
  });
});

describe('a SotW subscription', () => {
  it('ignores a request that answers an older response', () => {
    const subscription = new Subscription(TYPE.endpoint);
    overSotw(subscription, false, { resourceNames: ['a'] });
    subscription.record('1', '', { upserts: [resource('a')], removals: [], absent: [] }, 0);
    expect(overSotw(subscription, false, { resourceNames: ['b'], responseNonce: '0' })).toBe(false);
    expect([...subscription.names]).toEqual(['a']);
    expect(overSotw(subscription, false, { resourceNames: ['b'], responseNonce: '1' })).toBe(true);
    expect([...subscription.names]).toEqual(['b']);
    expect(subscription.held.size).toBe(0);
  });

  it('is a wildcard until it names something, and then never without *', () => {
    const subscription = new Subscription(TYPE.cluster);
    overSotw(subscription, true, {});
    expect(subscription.wildcard).toBe(true);
    overSotw(subscription, true, { resourceNames: ['a'] });
    expect(subscription.wildcard).toBe(false);
    overSotw(subscription, true, {});
    expect(subscription).toMatchObject({ wildcard: false });
    overSotw(subscription, true, { resourceNames: ['*'] });
    expect(subscription.wildcard).toBe(true);
  });
});
