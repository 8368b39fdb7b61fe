import { describe, expect, it } from '@jest/globals';
import { FlagError } from '#common/flags';
import { agentUsage, parseAgentOptions } from './agent.config.js';

const REQUIRED = [
  ...['--namespace', 'default', '--service-account', 'bookinfo-reviews', '--name', 'reviews-v1'],
  ...['--address', '127.10.0.3', '--xds', '127.0.0.1:15012', '--ca', '127.0.0.1:8060'],
  ...['--root', '/r.pem', '--token-file', '/t'],
];

describe('parseAgentOptions', () => {
  it("gives Istio's ports to an agent that is told nothing about ports", () => {
    const { statusPort, adminPort, readinessPort, prometheusPort } = parseAgentOptions(REQUIRED, {});
    expect([statusPort, adminPort, readinessPort, prometheusPort]).toEqual([15020, 15000, 15021, 15090]);
  });

  it("opens no listener on Istio's ports where the status port is another", () => {
    const options = parseAgentOptions([...REQUIRED, '--status-port', '0', '--prometheus-port', '9102'], {});
    expect(options.readinessPort).toBeUndefined();
    expect(options.prometheusPort).toBe(9102);
  });

  it('reads everything that it is given', () => {
    const argv = [...REQUIRED, '--labels', 'app=reviews,version=v1', '--json', '--drain-duration', '1s500ms'];
    const options = parseAgentOptions([...argv, '--http-proxy-port', '15002', '--ttl', '20s'], {});
    expect(options).toMatchObject({
      xds: { host: '127.0.0.1', port: 15012 },
      labels: new Map([
        ['app', 'reviews'],
        ['version', 'v1'],
      ]),
      json: true,
      exitWithParent: false,
      drainDuration: 1_500,
      httpProxyPort: 15002,
      ttl: 20_000,
      type: 'sidecar',
    });
  });

  it("leaves what follows -- to the application, the agent's own flags included", () => {
    const { app, json } = parseAgentOptions([...REQUIRED, '--', 'node', 'app.js', '--json', '--', 'x'], {});
    expect(app).toEqual(['node', 'app.js', '--json', '--', 'x']);
    expect(json).toBe(false);
  });

  it("keeps its state in the user's state folder, apart for each workload", () => {
    expect(parseAgentOptions(REQUIRED, { XDG_STATE_HOME: '/s' }).state).toBe(
      '/s/quartet/agent/default.reviews-v1',
    );
  });

  it('reports all problems at once', () => {
    const argv = [
      '--namespace',
      'De/fault',
      '--address',
      'localhost',
      '--status-port',
      '70000',
      '--type',
      'x',
    ];
    const problems = problemsOf([
      ...argv,
      '--labels',
      'app',
      '--concurrency',
      '0',
      '--envoy-log-level',
      'loud',
    ]);
    expect(problems).toHaveLength(13);
    expect(problems).toContain("--address: 'localhost' is not an IP address");
    expect(problems).toContain("--status-port: '70000' is not a port");
    expect(problems).toContain("--labels: 'app' is not KEY=VALUE");
  });

  it("takes Istio's PROXY_CONFIG for what no flag says", () => {
    const config = {
      concurrency: 2,
      statusPort: 15999,
      terminationDrainDuration: '1s',
      fileFlushInterval: '500ms',
    };
    const env = { PROXY_CONFIG: JSON.stringify(config) };
    const options = parseAgentOptions([...REQUIRED, '--concurrency', '3'], env);
    expect(options).toMatchObject({ concurrency: 3, statusPort: 15999, drainDuration: 1_000 });
    expect(options.proxyConfig).toMatchObject({
      stated: config,
      envoyArguments: ['--file-flush-interval-msec', '500'],
    });
  });

  it('prefers its own flag for a ProxyConfig, and says what is wrong with it', () => {
    const argv = [...REQUIRED, '--proxy-config', '{"concurrency": 4}'];
    expect(parseAgentOptions(argv, { PROXY_CONFIG: '{"concurrency": 2}' }).concurrency).toBe(4);
    expect(problemsOf([...REQUIRED, '--proxy-config', '{"statsdUdpAddress": "statsd:8125"}'])).toEqual([
      '--proxy-config: statsdUdpAddress has to be IP:PORT',
    ]);
    const tls = '{"envoyMetricsService": {"address": "a:1", "tlsSettings": {"mode": "SIMPLE"}}}';
    expect(problemsOf([...REQUIRED, '--proxy-config', tls])).toEqual([
      '--proxy-config: envoyMetricsService is reached in plain text alone',
    ]);
    expect(problemsOf([...REQUIRED, '--proxy-config', '{"meshId": 1}'])).toEqual([
      '--proxy-config: meshId has to be a text',
    ]);
  });

  it('wants a program behind --', () => {
    expect(problemsOf([...REQUIRED, '--'])).toEqual(['-- wants a program behind it']);
  });

  it('lists each flag in its usage', () => {
    expect(agentUsage()).toContain('--service-account');
    expect(agentUsage()).toContain('--exit-with-parent');
  });

  function problemsOf(argv: string[]): readonly string[] {
    try {
      parseAgentOptions(argv, {});
    } catch (error) {
      if (error instanceof FlagError) return error.problems;
    }
    throw new Error('no FlagError');
  }
});
