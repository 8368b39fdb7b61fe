import { connect } from 'node:tls';
import { envoyStats, sumOf } from '../measure/envoy-admin.js';
import { HttpClient } from '../measure/http-client.js';
import type { Mesh, Proxy } from '../mesh.js';
import { scanPorts } from './port-scan.js';
import { check, type Step, type Tour } from './step.js';
import { asWorkload } from './workload-client.js';

const PAGES = 20;
const withSidecar = (mesh: Mesh): readonly Proxy[] => mesh.proxies.filter(({ workload }) => workload.socket);

/** The page through the gateway, details and reviews included. */
async function pages({ gateway }: Tour): Promise<string> {
  const stars = new Set<string>();
  for (let n = 0; n < PAGES; n++) {
    const { status, body } = await gateway.get('/productpage');
    check(status === 200, `the page answered ${status}`);
    check(body.includes('123-1234567890'), 'the page has no details');
    stars.add(/class="(black|red)">★/.exec(body)?.[1] ?? 'no');
  }
  check(stars.has('black') && stars.has('red'), `saw ${[...stars].join(', ')} stars only`);
  return `${PAGES} pages, with ${[...stars].join(' and ')} stars`;
}

/** All that came into a sidecar came over TLS, and each sidecar shows the SPIFFE identity of its workload. */
async function mutualTls({ mesh }: Tour): Promise<string> {
  // The one that no page of the step before came to.
  await asWorkload(mesh, 'productpage-v1', (client) =>
    client.get('http://reviews:9080/reviews/0', { headers: { 'end-user': 'jason' } }),
  );
  let handshakes = 0;
  for (const { workload, admin } of withSidecar(mesh)) {
    const { all, secured } = await inboundConnections(admin, workload.port);
    check(secured > 0, `${workload.name} has seen no TLS handshake`);
    check(all === secured, `${workload.name}: ${all} connections, ${secured} with TLS`);
    handshakes += secured;
    const identity = `spiffe://cluster.local/ns/${workload.namespace}/sa/${workload.serviceAccount}`;
    const shown = await certificateIdentity(workload.address, workload.port);
    check(shown === identity, `${workload.name} shows ${shown}, not ${identity}`);
  }
  const workloads = withSidecar(mesh).length;
  return `${workloads} workloads show their SPIFFE identity; ${handshakes} connections, all with a client certificate`;
}

async function inboundConnections(admin: string, port: number): Promise<{ all: number; secured: number }> {
  const stats = await envoyStats(admin, `^listener\\..*_${port}\\.(ssl\\.handshake|downstream_cx_total)$`);
  return { all: sumOf(stats, '.downstream_cx_total'), secured: sumOf(stats, '.ssl.handshake') };
}

/** The URI in the certificate that a server shows, to whoever asks; what it then makes of us does not matter here. */
function certificateIdentity(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['istio'] });
    socket.once('secureConnect', () => {
      resolve(/URI:(\S+)/.exec(socket.getPeerCertificate().subjectaltname ?? '')?.[1] ?? 'no URI');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

async function plaintextIsRefused({ mesh }: Tour): Promise<string> {
  for (const { workload } of withSidecar(mesh)) {
    const client = new HttpClient(workload.address, workload.port);
    const { status } = await client.get('/details/0', { host: 'details:9080' });
    client.close();
    check(status === 0, `${workload.name} answered ${status} to a call without TLS`);
  }
  return `${withSidecar(mesh).length} workloads refused it`;
}

async function nothingInClear({ mesh, gatewayPort }: Tour): Promise<string> {
  const { ports, serving } = await scanPorts(mesh, gatewayPort);
  check(serving.length === 0, `an application is served in clear at ${serving.join(', ')}`);
  return `${ports} listening ports scanned, only the gateway's serves the application`;
}

export const identitySteps: readonly Step[] = [
  { name: '1 the page through gateway and sidecars', run: pages },
  { name: '1 mTLS between sidecars', run: mutualTls },
  { name: '1 a call in clear', run: plaintextIsRefused },
  { name: '1 a scan of all ports', run: nothingInClear },
];
