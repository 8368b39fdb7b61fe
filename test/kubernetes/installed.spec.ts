import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { describeKubernetes, until } from '#common/testing';
import { CHART, install, NAMESPACE, type Installation } from './support/installation.js';
import { whyNoPods } from './support/kubelet.js';

jest.setTimeout(240_000);

const WAIT = { timeout: 120_000, interval: 250 };

interface Stream {
  readonly name: string;
  readonly config: { readonly num_replicas: number };
  readonly state: { readonly last_seq: number };
  readonly cluster: { readonly replicas?: readonly { readonly current: boolean }[] };
}

const SERVERS = [0, 1, 2].map((index) => `quartet-nats-${index}`);

const isHeldByAll = ({ cluster }: Stream): boolean =>
  cluster.replicas?.length === 2 && cluster.replicas.every(({ current }) => current);

const virtualService = (name: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: default}
spec:
  hosts: [${name}.example.com]
  http: [{route: [{destination: {host: ${name}.example.com}}]}]
`;

let installation: Installation;

/** The config log, as one of the bus's servers sees it. */
async function logAt(server: string): Promise<Stream | undefined> {
  const url = `http://${installation.kubelet.address(server)}:8222/jsz?streams=true&config=true`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  const { account_details: accounts = [] } = (await answer.json()) as {
    account_details?: readonly { readonly stream_detail?: readonly Stream[] }[];
  };
  return accounts
    .flatMap(({ stream_detail: streams = [] }) => streams)
    .find(({ name }) => name === 'QUARTET_CONFIG');
}

const describePods = whyNoPods() === undefined || process.env.CI ? describeKubernetes : describe.skip;

describePods('the chart, installed', () => {
  beforeAll(async () => {
    const replicas = ['pilot', 'citadel', 'galley', 'mixerPolicy', 'mixerTelemetry'];
    installation = await install(...replicas.map((service) => `${service}.replicas=1`));
  }, 240_000);
  afterAll(async () => installation?.stop());

  it('keeps the config log on all servers of the bus, which know Galley by its certificate', async () => {
    const { kubernetes } = installation;
    const apply = () => kubernetes.kubectl(['apply', '-f', '-'], virtualService('first'));
    await until(async () => (await apply()).code === 0, WAIT);
    // Only its leader knows how far the others are.
    const log = await until(async () => {
      const views = await Promise.all(SERVERS.map(logAt));
      return views.find((view) => view && view.state.last_seq > 0 && isHeldByAll(view));
    }, WAIT);
    expect(log.config.num_replicas).toBe(3);
  });

  it('has the API server ask Galley, by a certificate of Citadel, before it stores mesh config', async () => {
    const { kubernetes } = installation;
    const words = [
      'get',
      'validatingwebhookconfiguration',
      'istio-galley',
      '-o',
      'jsonpath={.webhooks[0].failurePolicy}',
    ];
    await until(async () => (await kubernetes.kubectl(words)).stdout === 'Fail', WAIT);
    const invalid = virtualService('invalid').replace('invalid.example.com]', '"a b"]');
    const { stderr } = await kubernetes.kubectl(['apply', '-f', '-'], invalid);
    expect(stderr).toContain('denied the request: configuration is invalid: spec.hosts[0]');
    const accepted = [
      'get',
      'vs',
      'first',
      '-o',
      'jsonpath={.status.conditions[?(@.type=="Accepted")].status}',
    ];
    await until(async () => (await kubernetes.kubectl(accepted)).stdout === 'True', WAIT);
  });

  it('loses nothing with a server of the bus', async () => {
    const { kubernetes, kubelet } = installation;
    const before = (await until(() => logAt('quartet-nats-1'), WAIT)).state.last_seq;
    const restarts = kubelet.restarts('quartet-nats-0');
    await kubelet.kill('quartet-nats-0');
    await kubernetes.kubectl(['apply', '-f', '-'], virtualService('second'));
    await until(async () => ((await logAt('quartet-nats-1'))?.state.last_seq ?? 0) > before, WAIT);
    await until(async () => ((await logAt('quartet-nats-0'))?.state.last_seq ?? 0) > before, WAIT);
    expect(kubelet.restarts('quartet-nats-0')).toBe(restarts + 1);
  });

  it("keeps the bus's certificates in an upgrade", async () => {
    const { kubernetes } = installation;
    const certificate = async (): Promise<string> => {
      const words = [
        'get',
        'secret',
        'quartet-nats-galley',
        '-n',
        NAMESPACE,
        '-o',
        'jsonpath={.data.tls\\.crt}',
      ];
      return (await kubernetes.kubectl(words)).stdout;
    };
    const before = await certificate();
    const { code } = await kubernetes.helm(['upgrade', 'quartet', CHART, '-n', NAMESPACE, '--reuse-values']);
    expect(code).toBe(0);
    expect(before).not.toBe('');
    expect(await certificate()).toBe(before);
  });
});
