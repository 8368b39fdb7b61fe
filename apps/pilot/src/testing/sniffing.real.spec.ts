import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningEnvoy } from '#common/testing';
import { freePorts, until } from '#common/testing';
import { TestCa } from '../../../../libs/common/src/identity/test-ca.js';
import type { AnyApp } from './any-app.js';
import { startAnyApp } from './any-app.js';
import type { Target } from './connections.js';
import { getHttp1, getHttp2, say } from './connections.js';
import { startSidecar } from './running-sidecar.js';

/**
 * From a client through its sidecar and that of the server, by ports that say what they speak and ports that do not,
 * with and without mTLS. The applications take everything, so it is the sidecars that decide what a connection is.
 */
const SERVER = '127.80.0.10';
const VIP = '127.80.1.1';
const MODES = ['PERMISSIVE', 'STRICT', 'DISABLE'] as const;
const SPOKEN = ['auto', 'tcp', 'http', 'greeter'] as const;
type Mode = (typeof MODES)[number];
type Spoken = (typeof SPOKEN)[number];

const PROTOCOLS: Record<Spoken, string> = { auto: '', tcp: 'TCP', http: 'HTTP', greeter: '' };
const host = 'any.default.svc.cluster.local';

interface Served {
  readonly mode: Mode;
  readonly spoken: Spoken;
  readonly app: AnyApp;
  /** Where its clients find it; the application and its sidecar have another. */
  readonly port: number;
}

function mesh(served: readonly Served[]): string {
  const ports = served.map(
    ({ port, spoken }) => `{number: ${port}, name: p${port}, protocol: "${PROTOCOLS[spoken]}"}`,
  );
  const targets = served.map(({ app, port }) => `p${port}: ${app.port}`);
  const modes = served.map(({ app, mode }) => `"${app.port}": {mode: ${mode}}`);
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: any}
spec:
  hosts: [${host}]
  addresses: [${VIP}]
  location: MESH_INTERNAL
  ports: [${ports.join(', ')}]
  resolution: STATIC
  endpoints: [{address: ${SERVER}, ports: {${targets.join(', ')}}, serviceAccount: server, labels: {app: any}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: any}
spec:
  selector: {matchLabels: {app: any}}
  mtls: {mode: STRICT}
  portLevelMtls: {${modes.join(', ')}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "protocolDetectionTimeout: 1s"}
`;
}

let served: Served[] = [];
let client: RunningEnvoy;

beforeAll(async () => {
  const count = MODES.length * SPOKEN.length;
  const ports = await freePorts(2 * count);
  const wanted = MODES.flatMap((mode) => SPOKEN.map((spoken) => ({ mode, spoken })));
  served = await Promise.all(
    wanted.map(async ({ mode, spoken }, index) => {
      const greeting = spoken === 'greeter' ? 'hello, I speak first' : undefined;
      const options = { port: ports[index] ?? 0, ...(greeting !== undefined && { greeting }) };
      return { mode, spoken, app: await startAnyApp(spoken, options), port: ports[count + index] ?? 0 };
    }),
  );
  const config = mesh(served);
  const ca = await TestCa.create();
  const side = async (name: string, ip: string, metadata: Record<string, unknown>, uncaptured: boolean) =>
    startSidecar({
      config,
      nodeId: `sidecar~${ip}~${name}.default~default.svc.cluster.local`,
      metadata: { LABELS: { app: name }, ...metadata },
      identity: await ca.issue(`spiffe://cluster.local/ns/default/sa/${name}`),
      uncaptured,
    });
  await side('server', SERVER, { INTERCEPTION_MODE: 'NONE', LABELS: { app: 'any' } }, false);
  client = await side('client', '127.80.0.11', {}, true);
}, 60_000);

afterAll(() => served.forEach(({ app }) => app.close()));

function find(mode: Mode, spoken: Spoken): Served {
  const found = served.find((each) => each.mode === mode && each.spoken === spoken);
  if (!found) throw new Error(`nobody serves ${mode} ${spoken}`);
  return found;
}

const through = ({ port }: Served): Target => ({ host: VIP, port });
const direct = ({ app }: Served): Target => ({ host: SERVER, port: app.port });

/** TLS handshakes that the client's sidecar made for a port. */
async function handshakes({ port }: Served): Promise<number> {
  const stats = await client.stats(
    `cluster\\.outbound_${port}__.*ssl.handshake|cluster\\.outbound\\|${port}\\|.*ssl.handshake`,
  );
  return [...stats.values()].reduce((sum, value) => sum + value, 0);
}

describe.each(MODES)('%s', (mode) => {
  const secured = mode !== 'DISABLE';

  it('a port that says nothing takes HTTP/1.1, as HTTP', async () => {
    const to = find(mode, 'auto');
    expect(await getHttp1(through(to))).toMatch(/server: istio-envoy[^]*auto http\/1\.1$/);
    const certificate = to.app.seen.at(-1)?.['x-forwarded-client-cert'];
    expect(certificate === undefined).toBe(!secured);
  });

  it('HTTP/2, and keeps it', async () => {
    expect(await getHttp2(through(find(mode, 'auto')))).toBe('auto http/2.0');
  });

  it('and anything else as it is', async () => {
    const to = find(mode, 'auto');
    const before = await handshakes(to);
    expect(await say(through(to), 'anything', /anything$/)).toBe('auto tcp:anything');
    await until(async () => (await handshakes(to)) > before === secured, { what: 'the count of handshakes' });
  });

  it('a server that speaks first is heard once nothing comes for a while', async () => {
    expect(await say(through(find(mode, 'greeter')), '', /first$/)).toBe('hello, I speak first');
  });

  it('a port that says TCP carries HTTP like anything else', async () => {
    expect(await getHttp1(through(find(mode, 'tcp')))).not.toMatch(/istio-envoy/);
    expect(await say(through(find(mode, 'tcp')), 'anything', /anything$/)).toBe('tcp tcp:anything');
  });

  it('a port that says HTTP takes nothing else', async () => {
    expect(await getHttp1({ ...through(find(mode, 'http')), host: '127.0.0.1' }, host)).toMatch(
      /http http\/1\.1$/,
    );
    expect(
      await say({ ...through(find(mode, 'http')), host: '127.0.0.1' }, 'anything\r\n\r\n', /tcp:/),
    ).not.toMatch(/tcp:/);
  });

  it(`clients without a sidecar are ${mode === 'STRICT' ? 'refused' : 'served'}`, async () => {
    const served = mode === 'STRICT' ? '' : 'auto tcp:anything';
    expect(await say(direct(find(mode, 'auto')), 'anything', /anything$/)).toBe(served);
    expect(/http\/1.1$/.test(await getHttp1(direct(find(mode, 'auto'))))).toBe(mode !== 'STRICT');
    expect(await getHttp2(direct(find(mode, 'auto')))).toBe(mode === 'STRICT' ? '' : 'auto http/2.0');
  });
});
