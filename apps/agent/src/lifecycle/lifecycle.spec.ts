import { describe, expect, it } from '@jest/globals';
import { parseStats } from './admin.js';
import { appEnvironment, loopbackFor } from './app.js';
import { RestartBackoff } from './backoff.js';
import { activeConnections } from './drain.js';
import { agentMetrics } from './metrics.js';
import { reasonsNotReady } from './readiness.js';

const LIVE = parseStats(
  [
    'cluster_manager.cds.update_success: 2',
    'listener_manager.lds.update_rejected: 1',
    'listener_manager.lds.update_success: 1',
    'listener_manager.workers_started: 1',
    'server.state: 0',
    '',
  ].join('\n'),
);

describe('reasonsNotReady', () => {
  const facts = { stats: LIVE, certificateEnd: 2_000, draining: false, now: 1_000 };
  const without = (name: string) => new Map([...LIVE].filter(([key]) => key !== name));

  it('has none for a live Envoy with a valid certificate, whatever was refused later', () => {
    expect(reasonsNotReady(facts)).toEqual([]);
  });

  it.each([
    ['the agent is draining', { draining: true }],
    ['there is no certificate yet', { certificateEnd: undefined }],
    ['the certificate ended at 1970-01-01T00:00:01.000Z', { certificateEnd: 1_000 }],
    ['Envoy does not answer', { stats: undefined }],
    ["Envoy's state is INITIALIZING", { stats: new Map([...LIVE, ['server.state', 3]]) }],
    ["Envoy's state is unknown", { stats: without('server.state') }],
    ["Envoy's workers have not started", { stats: without('listener_manager.workers_started') }],
    [
      'Envoy refused the listeners that Pilot sent',
      { stats: without('listener_manager.lds.update_success') },
    ],
    ['Pilot has sent no clusters yet', { stats: without('cluster_manager.cds.update_success') }],
  ])('says: %s', (reason, change) => {
    expect(reasonsNotReady({ ...facts, ...change } as typeof facts)).toEqual([reason]);
  });
});

describe('RestartBackoff', () => {
  it('doubles from 100 ms to 10 s, and starts anew after a healthy run', () => {
    const backoff = new RestartBackoff();
    const delays = Array.from({ length: 9 }, () => backoff.delayAfter(50));
    expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    expect(backoff.delayAfter(60_000)).toBe(100);
  });
});

describe('activeConnections', () => {
  it("counts clients, not the admin interface's and not the ignored listeners'", () => {
    const stats = new Map([
      ['listener.admin.downstream_cx_active', 3],
      ['listener.127.0.0.1_9080.downstream_cx_active', 2],
      ['listener.[__1]_9081.downstream_cx_active', 1],
      ['listener.127.0.0.1_15002.downstream_cx_active', 5],
    ]);
    expect(activeConnections(stats, new Set([15002]))).toBe(3);
  });
});

describe('appEnvironment', () => {
  it.each([
    ['127.10.0.3', '127.10.0.3'],
    ['10.0.0.7', '127.0.0.1'],
    ['::1', '::1'],
  ])('of the proxy %s names the way out at %s', (address, host) => {
    expect(loopbackFor(address)).toBe(host);
    const url = new URL(appEnvironment({}, address, 15002).HTTP_PROXY!);
    expect([url.hostname.replace(/[[\]]/g, ''), url.port]).toEqual([host, '15002']);
  });

  it('stays as it is without a proxy port', () => {
    expect(appEnvironment({ A: 'b' }, '127.0.0.1', undefined)).toEqual({ A: 'b' });
  });
});

describe('agentMetrics', () => {
  it("writes Prometheus' text format", () => {
    const text = agentMetrics({ certificateEnd: 61_000, now: 1_000, envoyRestarts: 2, residentBytes: 5 });
    expect(text).toContain(
      '# TYPE istio_agent_cert_expiry_seconds gauge\nistio_agent_cert_expiry_seconds 60\n',
    );
    expect(text).toContain('istio_agent_envoy_restarts_total 2\n');
  });
});
