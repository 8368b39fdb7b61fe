import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectNats, requestAll } from '#common/nats';
import type { Operation } from '#common/config-log';
import { MESH_CONFIG_KEY } from '#config';
import { freePort, quartet, startNats, until, type RunningEnvoy } from '#common/testing';
import {
  ask,
  closeClients,
  startLoad,
  startProxy,
  startUpstream,
} from '../../apps/pilot/src/ads/testing/ads-rig.js';
import type { ProxyHolding } from '../../apps/pilot/src/debug/proxy-status.js';
import type { TracedChange } from '../../apps/pilot/src/debug/traced-change.js';
import { heldConfig } from '../support/config-dump.js';
import { PilotRig } from '../support/pilot.js';

const HOST = 'a.default.svc.cluster.local';
const TIMEOUT = 180_000;

/** No mutual TLS: there is no agent here that could hand out certificates. */
const mesh: Operation = {
  op: 'put',
  key: MESH_CONFIG_KEY,
  content: content({ enableAutoMtls: false }),
  origin: { file: 'mesh.yaml', line: 1 },
};

function content(spec: unknown): string {
  return JSON.stringify({ labels: {}, annotations: {}, creationTimestamp: '', spec });
}

function put(kind: string, name: string, spec: unknown, line = 1): Operation {
  const key = `networking.istio.io/${kind}/default/${name}`;
  return { op: 'put', key, content: content(spec), origin: { file: 'config.yaml', line } };
}

function service(name: string, port: number): Operation {
  return put('ServiceEntry', name, {
    hosts: [`${name}.default.svc.cluster.local`],
    location: 'MESH_INTERNAL',
    resolution: 'STATIC',
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    endpoints: [{ address: '127.0.0.1', ports: { http: port } }],
  });
}

function route(to: string, line = 1): Operation {
  const destination = { host: `${to}.default.svc.cluster.local` };
  return put('VirtualService', 'a', { hosts: [HOST], http: [{ route: [{ destination }] }] }, line);
}

/** A resource as `proxy-config -o json` prints it. */
interface Shown {
  readonly name?: string;
  readonly virtual_hosts?: readonly Shown[];
}

/** Envoy keeps virtual hosts in an order of its own. */
function hostsOf({ name, virtual_hosts: hosts = [] }: Shown): unknown {
  return { name, hosts: [...hosts].sort((a, b) => (a.name! < b.name! ? -1 : 1)) };
}

describe('Pilot, from the config log to a real Envoy', () => {
  let pilot: PilotRig;
  let proxy: RunningEnvoy;
  let entry: number;
  const metadata = (port: number) => ({
    INTERCEPTION_MODE: 'NONE',
    HTTP_PROXY_PORT: String(port),
    // Not found by its address, which the services' endpoints have too.
    WORKLOAD_ENTRY: 'client',
  });
  const answer = () => ask(entry, HOST, `http://${HOST}/`);
  /** Envoy ACKs before its workers have taken over what it ACKs. */
  const answers = (text: string) =>
    until(async () => (await answer()) === text, { what: `the answer '${text}'` });
  const load = () => startLoad(entry, HOST, `http://${HOST}/`);
  const holding = async (revision: number) => {
    const all = await pilot.get<ProxyHolding[]>('/debug/syncz');
    return all.length > 0 && all.every((each) => each.revision >= revision);
  };
  const commit = async (...operations: Operation[]) => {
    const revision = await pilot.commit(operations);
    await until(() => holding(revision), { what: `the proxy to hold revision ${revision}` });
    return revision;
  };

  beforeAll(async () => {
    const services = await Promise.all(['a', 'b', 'c'].map((name) => startUpstream(name)));
    const entries = ['a', 'b', 'c'].map((name, n) => service(name, services[n]!.port));
    pilot = await PilotRig.start([mesh, ...entries, route('a')]);
    entry = await freePort();
    proxy = await startProxy(pilot.xds, 'delta', 'a', metadata(entry));
  }, TIMEOUT);

  afterAll(async () => {
    closeClients();
    await proxy?.stop();
    await pilot?.stop();
  }, TIMEOUT);

  it('brings an edit to the proxy, and says who holds it', async () => {
    expect(await answer()).toBe('200 a');
    const revision = await commit(route('b'));
    await answers('200 b');
    const nats = await connectNats({ url: pilot.nats.url, name: 'cli' });
    const question = { revision };
    const [held] = await requestAll<ProxyHolding[]>(nats, 'pilot.proxies.holding', question, {
      timeoutMs: 10_000,
      max: 1,
    });
    await nats.close();
    expect(held).toMatchObject([
      {
        revision,
        holds: true,
        status: { CDS: 'SYNCED', LDS: 'SYNCED', EDS: 'SYNCED', RDS: 'SYNCED', VHDS: 'SYNCED' },
      },
    ]);
    const { proxies, trace } = await pilot.get<TracedChange>(`/debug/trace?revision=${revision}`);
    const { committedAt = NaN, receivedAt, generatedAt = NaN, concerned } = trace!;
    const { sentAt = NaN, ackedAt = NaN } = concerned[0] ?? {};
    expect([proxies, concerned.length]).toEqual([1, 1]);
    const steps = [committedAt, receivedAt, generatedAt, sentAt, ackedAt];
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  it('shows what a proxy holds, where it comes from, and who is connected', async () => {
    const dump = await pilot.get<Record<string, { name: string; sources: string[] }[]>>(
      '/debug/resourcesz?proxyID=a.default',
    );
    const host = dump['VHDS']!.find(({ name }) => name.includes(HOST));
    expect(host!.sources).toContain('networking.istio.io/VirtualService/default/a');
    expect(await pilot.get('/debug/adsz')).toMatchObject({ totalClients: 1 });
    expect(Object.values(await pilot.get<object>('/debug/edsz'))[0]).toHaveLength(3);
    const missing = await fetch(`http://${pilot.http}/debug/config_dump?proxyID=nobody`);
    expect(missing.status).toBe(404);
  });

  it(
    'is read by proxy-config as Envoy is, whatever way the routes travelled',
    async () => {
      const shown = async (type: string, ...source: string[]): Promise<Shown[]> => {
        const told = await quartet('proxy-config', type, ...source, '-o', 'json');
        const resources = JSON.parse(told.stdout) as Shown[];
        return resources
          .filter(({ name }) => name !== undefined)
          .sort((a, b) => (a.name! < b.name! ? -1 : 1));
      };
      for (const type of ['route', 'cluster', 'listener']) {
        const sent = await shown(type, 'a.default', '--pilot', pilot.http);
        const held = await shown(type, '--admin', new URL(proxy.admin).host);
        const names = new Set(sent.map(({ name }) => name));
        expect(names.size).toBeGreaterThan(0);
        expect(held.filter(({ name }) => names.has(name)).map(hostsOf)).toEqual(sent.map(hostsOf));
      }
      const table = await quartet('proxy-config', 'route', '--admin', new URL(proxy.admin).host);
      expect(table.stdout).toMatch(/^http_proxy +a\.default\.svc\.cluster\.local:80 +a\.default/m);
      expect((await quartet('proxy-config', 'route', 'nobody', '--pilot', pilot.http)).stderr).toContain(
        '404',
      );
    },
    TIMEOUT,
  );

  it('shows its debug pages to this host alone', async () => {
    const page = `http://${pilot.http}/debug/configz`;
    expect(await pilot.get('/debug/configz')).toContainEqual(
      expect.objectContaining({
        key: 'networking.istio.io/VirtualService/default/a',
        origin: { file: 'config.yaml', line: 1 },
      }),
    );
    const services = await pilot.get<{ host: string }[]>('/debug/registryz');
    expect(services.map(({ host }) => host)).toContain(HOST);
    const endpoints = await pilot.get<{ svc: string; ep: object[] }[]>('/debug/endpointz');
    expect(endpoints.find(({ svc }) => svc === `${HOST}:http`)!.ep).toHaveLength(1);
    const forwarded = await fetch(page, { headers: { 'x-forwarded-for': '192.0.2.1' } });
    expect(forwarded.status).toBe(403);
    expect(
      (await fetch(`http://${pilot.http}/healthz`, { headers: { 'x-forwarded-for': 'x' } })).status,
    ).toBe(200);
  });

  it('sends nothing for a resource that only moved in its file', async () => {
    const before = await pilot.sentBytes();
    await commit(route('b', 7));
    await commit({
      op: 'origin',
      key: 'networking.istio.io/VirtualService/default/a',
      origin: { file: 'config.yaml', line: 9 },
    });
    expect(await pilot.sentBytes()).toBe(before);
  });

  it(
    'is killed and restarted without a failed request; an edit made meanwhile takes effect',
    async () => {
      const running = load();
      const counters = () =>
        proxy.stats(
          'listener_manager.listener_(modified|added|removed)|cluster_manager.cluster_(modified|added|removed)',
        );
      const before = await counters();
      await pilot.process.kill();
      const revision = await pilot.commit([route('c')]);
      await pilot.startPilot();
      await until(() => holding(revision), { what: 'the proxy to come back', timeout: 20_000 });
      await until(() => running.answers.has('200 c'), { what: 'the edit' });
      const seen = await running.stop();
      expect([...seen.keys()].sort()).toEqual(['200 b', '200 c']);
      expect(await counters()).toEqual(before);
      const [fresh, port] = await startFresh();
      await until(async () => {
        const theirs = JSON.stringify(await heldConfig(fresh)).replaceAll(String(port), String(entry));
        expect(await heldConfig(proxy)).toEqual(JSON.parse(theirs));
        return true;
      });
      await fresh.stop();
    },
    TIMEOUT,
  );

  it(
    'serves its saved state when it is started while NATS is away',
    async () => {
      await pilot.process.kill();
      await pilot.nats.kill();
      await pilot.startPilot();
      const report = await pilot.get<{ conditions: { config: { detail: string } } }>('/readyz');
      expect(report.conditions.config.detail).toContain('saved state');
      const [fresh, port] = await startFresh();
      expect(await ask(port, HOST, `http://${HOST}/`)).toBe('200 c');
      await fresh.stop();
      expect(await answer()).toBe('200 c');
      const { port: natsPort, storeDir } = pilot.nats;
      pilot.nats = await startNats({ port: natsPort, storeDir });
      await commit(route('a'));
      await answers('200 a');
    },
    TIMEOUT,
  );

  async function startFresh(): Promise<[RunningEnvoy, number]> {
    const port = await freePort();
    return [await startProxy(pilot.xds, 'delta', 'fresh', metadata(port)), port];
  }
});
