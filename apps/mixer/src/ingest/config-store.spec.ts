import { describe, expect, it } from '@jest/globals';
import type { ConfigChange, Operation } from '#common/config-log';
import { configChange } from '../testing/config.js';
import { ConfigStore } from './config-store.js';

const RULE = 'config.istio.io/rule/default/r';
const WORKLOAD = 'networking.istio.io/WorkloadEntry/default/w';
const CONTENT = JSON.stringify({ labels: {}, annotations: {}, creationTimestamp: '', spec: {} });
const origin = { file: 'a.yaml', line: 1 };

function commit(...operations: Operation[]): ConfigChange {
  const rest = { stateHash: '', heldBack: [], time: '2026-01-01T00:00:00Z' };
  return { kind: 'commit', commit: { epoch: '01', revision: 2, previous: 1, operations, ...rest } };
}

describe('the config store', () => {
  it('says which part a change was about', () => {
    const store = new ConfigStore();
    expect(store.apply(configChange({}))).toEqual({ policy: true, workloads: true });
    expect(store.apply(commit({ op: 'put', key: RULE, content: CONTENT, origin }))).toEqual({
      policy: true,
      workloads: false,
    });
    expect(store.apply(commit({ op: 'put', key: WORKLOAD, content: CONTENT, origin }))).toEqual({
      policy: false,
      workloads: true,
    });
    expect([store.policy.size, store.workloads.size]).toEqual([1, 1]);
  });

  it('passes over what Mixer does not read', () => {
    const store = new ConfigStore();
    const key = 'networking.istio.io/VirtualService/default/v';
    expect(store.apply(commit({ op: 'put', key, content: CONTENT, origin }))).toEqual({
      policy: false,
      workloads: false,
    });
    expect(store.policy.size + store.workloads.size).toBe(0);
  });

  it('moves, deletes and starts anew', () => {
    const store = new ConfigStore();
    store.apply(commit({ op: 'put', key: RULE, content: CONTENT, origin }));
    store.apply(commit({ op: 'origin', key: RULE, origin: { file: 'a.yaml', line: 7 } }));
    expect(store.policy.get(RULE)?.origin.line).toBe(7);
    store.apply(commit({ op: 'delete', key: RULE }));
    expect(store.policy.size).toBe(0);
    store.apply(commit({ op: 'put', key: RULE, content: CONTENT, origin }));
    store.apply(configChange({}));
    expect(store.policy.size).toBe(0);
  });
});
