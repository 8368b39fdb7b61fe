import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NetworkNamespace, RunningEnvoy } from '#common/testing';
import {
  captureByRedirect,
  captureByTproxy,
  createNamespace,
  spawnProcess,
  until,
  whyNoNamespaces,
} from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import type { AnyApp } from './any-app.js';
import { startAnyApp } from './any-app.js';
import { getHttp1, say } from './connections.js';
import { startSidecar } from './running-sidecar.js';

/**
 * Captured traffic: an Envoy and an application in a network namespace, whose connections iptables hands to Envoy as
 * Istio's rules do. We are the other hosts, at the other end of the namespace's link.
 */
const reason = whyNoNamespaces();
// A machine that cannot do this must not let CI pass.
if (reason !== undefined && process.env['CI']) throw new Error(reason);
const where = reason === undefined ? describe : describe.skip;
const title = reason === undefined ? '' : ` (left out: ${reason})`;

const built = (file: string): string =>
  fileURLToPath(new URL(`../../../../dist/apps/pilot/src/testing/${file}`, import.meta.url));

/** Something of the test helpers, called in the namespace; the result is what is written. */
const script = (file: string, call: string): string[] => {
  const code = `import * as helpers from ${JSON.stringify(built(file))}; ${call}`;
  return [process.execPath, '--input-type=module', '-e', code];
};

function ask(namespace: NetworkNamespace, call: string): Promise<string> {
  return namespace.exec(...script('connections.js', `process.stdout.write(await helpers.${call})`));
}

async function startAppIn(namespace: NetworkNamespace, ports: readonly number[]): Promise<void> {
  const calls = ports.map((port) => `await helpers.startAnyApp('app', { host: '0.0.0.0', port: ${port} });`);
  const [command = '', ...args] = [
    ...namespace.enter,
    ...script('any-app.js', `${calls.join(' ')} console.log('ready')`),
  ];
  const app = spawnProcess(command, args, { name: 'app' });
  await until(() => app.stdout().includes('ready'), { what: 'the application' });
}

const VIP = '10.96.0.1';

type Policy = 'ALLOW_ANY' | 'REGISTRY_ONLY';

function mesh({ address, peer }: NetworkNamespace, app: number, policy: Policy = 'ALLOW_ANY'): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: outside}
spec:
  hosts: [outside.default.svc.cluster.local]
  addresses: [${VIP}]
  location: MESH_INTERNAL
  ports:
  - {number: 80, name: http, protocol: HTTP, targetPort: ${app}}
  - {number: 7000, name: anything, protocol: "", targetPort: ${app}}
  - {number: 5432, name: tcp, protocol: TCP, targetPort: ${app}}
  resolution: STATIC
  endpoints: [{address: ${peer}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: own}
spec:
  hosts: [own.default.svc.cluster.local]
  location: MESH_INTERNAL
  ports: [{number: 8080, name: http, protocol: HTTP}, {number: 9000, name: tcp, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: ${address}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    # A client that is slow to speak up is not to count as one that waits to be spoken to.
    protocolDetectionTimeout: 1s
    outboundTrafficPolicy: {mode: ${policy}}
`;
}

where.each(['REDIRECT', 'TPROXY'] as const)(`%s${title}`, (mode) => {
  let namespace: NetworkNamespace;
  let outside: AnyApp;
  let envoy: RunningEnvoy;

  beforeAll(async () => {
    namespace = await createNamespace();
    outside = await startAnyApp('outside', { host: namespace.peer });
    await startAppIn(namespace, [8080, 9000, 9999]);
    envoy = await startSidecar({
      config: mesh(namespace, outside.port),
      nodeId: `sidecar~${namespace.address}~own.default~default.svc.cluster.local`,
      metadata: { INTERCEPTION_MODE: mode },
      identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/own'),
      namespace,
    });
    await (mode === 'REDIRECT' ? captureByRedirect(namespace) : captureByTproxy(namespace));
  }, 60_000);

  afterAll(() => outside?.close());

  /** Connections that Envoy took for one of its listeners. */
  const taken = async (cluster: string): Promise<number> => {
    const stats = await envoy.stats(`^cluster\\.${cluster}.*\\.upstream_cx_total$`);
    return [...stats.values()].reduce((sum, value) => sum + value, 0);
  };

  if (mode === 'REDIRECT') {
    it('takes HTTP to a virtual address, and routes it by its host', async () => {
      const answer = await ask(namespace, `getHttp1({ host: '${VIP}', port: 80 }, 'outside')`);
      expect(answer).toMatch(/server: istio-envoy[^]*outside http\/1\.1$/);
    });

    it('takes TCP to a virtual address', async () => {
      const answer = await ask(namespace, `say({ host: '${VIP}', port: 5432 }, 'hi', /hi$/)`);
      expect(answer).toBe('outside tcp:hi');
      expect(await taken('outbound_5432__outside|outbound\\|5432\\|')).toBe(1);
    });

    it('finds out what it is where no port says it', async () => {
      const http = await ask(namespace, `getHttp1({ host: '${VIP}', port: 7000 }, 'whatever')`);
      expect(http).toMatch(/server: istio-envoy[^]*outside http\/1\.1$/);
      expect(await ask(namespace, `say({ host: '${VIP}', port: 7000 }, 'hi', /hi$/)`)).toBe('outside tcp:hi');
    });

    it('passes on what it does not know, HTTP where it is known to be that', async () => {
      const target = `{ host: '${namespace.peer}', port: ${outside.port} }`;
      expect(await ask(namespace, `say(${target}, 'hi', /hi$/)`)).toBe('outside tcp:hi');
      expect(await taken('PassthroughCluster')).toBe(1);
      const carried = await ask(namespace, `getHttp1(${target}, 'unknown.example.com')`);
      expect(carried).toMatch(/^HTTP\/1.1 200 [^]*outside http\/1\.1$/);
      expect(carried).not.toContain('istio-envoy');
      const web = await startAnyApp('web', { host: namespace.peer, port: 80 });
      const routed = `getHttp1({ host: '${namespace.peer}', port: 80 }, 'unknown.example.com')`;
      expect(await ask(namespace, routed)).toMatch(/server: istio-envoy[^]*web http\/1\.1$/);
      web.close();
      expect(await taken('PassthroughCluster')).toBe(3);
    });
  }

  it('takes what comes in, HTTP and TCP', async () => {
    expect(await getHttp1({ host: namespace.address, port: 8080 })).toMatch(
      /server: istio-envoy[^]*app http\/1\.1$/,
    );
    expect(await say({ host: namespace.address, port: 9000 }, 'hi', /hi$/)).toBe('app tcp:hi');
    expect(await taken('inbound\\|9000\\|')).toBe(1);
  });

  it('passes what comes in for other ports on, and finds out whether it is HTTP', async () => {
    const target = { host: namespace.address, port: 9999 };
    expect(await getHttp1(target)).toMatch(/server: istio-envoy[^]*app http\/1\.1$/);
    expect(await say(target, 'hi', /hi$/)).toBe('app tcp:hi');
    expect(await taken('InboundPassthroughCluster')).toBe(2);
  });
});

where(`REGISTRY_ONLY${title}`, () => {
  let namespace: NetworkNamespace;
  let outside: AnyApp;
  let web: AnyApp;

  beforeAll(async () => {
    namespace = await createNamespace();
    outside = await startAnyApp('outside', { host: namespace.peer });
    web = await startAnyApp('web', { host: namespace.peer, port: 80 });
    await startSidecar({
      config: mesh(namespace, outside.port, 'REGISTRY_ONLY'),
      nodeId: `sidecar~${namespace.address}~own.default~default.svc.cluster.local`,
      metadata: {},
      identity: await (await TestCa.create()).issue('spiffe://cluster.local/ns/default/sa/own'),
      namespace,
    });
    await captureByRedirect(namespace);
  }, 60_000);

  afterAll(() => [outside, web].forEach((app) => app?.close()));

  it('lets through what is registered', async () => {
    expect(await ask(namespace, `getHttp1({ host: '${VIP}', port: 80 }, 'outside')`)).toMatch(
      /outside http\/1\.1$/,
    );
    expect(await ask(namespace, `say({ host: '${VIP}', port: 5432 }, 'hi', /hi$/)`)).toBe('outside tcp:hi');
  });

  it('refuses other connections, and answers other HTTP itself', async () => {
    const target = `{ host: '${namespace.peer}', port: ${outside.port} }`;
    expect(await ask(namespace, `say(${target}, 'hi', /hi$/)`)).toBe('');
    const unknown = `getHttp1({ host: '${namespace.peer}', port: 80 }, 'unknown.example.com', /\\r\\n\\r\\n/)`;
    expect(await ask(namespace, unknown)).toMatch(/^HTTP\/1.1 502 [^]*server: istio-envoy/);
  });
});
