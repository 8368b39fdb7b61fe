import type { Sidecar } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkDestination } from './destination.js';
import { checkScopedHost } from './names.js';
import { checkServicePort } from './port.js';
import { checkServerTls } from './server-tls.js';
import { checkLabels, checkUnique, isAddress } from './text.js';
import { checkConnectionPool } from './traffic-policy.js';

/** @see https://istio.io/latest/docs/reference/config/networking/sidecar/ */
export function checkSidecar(spec: Sidecar, scope: Scope): void {
  const { ingress = [], egress = [] } = spec;
  checkLabels(spec.workloadSelector?.labels, scope.at('workloadSelector', 'labels'));
  const empty = ingress.length === 0 && egress.length === 0;
  if (empty && !spec.outboundTrafficPolicy && !spec.inboundConnectionPool) {
    scope.error('sidecar: empty configuration provided');
  }
  checkIngress(ingress, scope.at('ingress'));
  checkEgress(egress, scope.at('egress'));
  checkConnectionPool(spec.inboundConnectionPool, scope.at('inboundConnectionPool'));
  checkEgressProxy(spec.outboundTrafficPolicy, scope.at('outboundTrafficPolicy'));
}

type Ingress = NonNullable<Sidecar['ingress']>[number];

function checkIngress(ingress: readonly Ingress[], scope: Scope): void {
  ingress.forEach((listener, index) => {
    const at = scope.at(index);
    checkServicePort(listener.port, at.at('port'), { sniffed: true });
    checkBind(listener.bind, at.at('bind'));
    if (listener.defaultEndpoint !== undefined)
      checkDefaultEndpoint(listener.defaultEndpoint, at.at('defaultEndpoint'));
    checkConnectionPool(listener.connectionPool, at.at('connectionPool'));
    if (listener.tls) checkIngressTls(listener, at.at('tls'));
  });
  checkUnique(
    ingress.map((listener) => listener.port?.number?.toString()),
    scope,
    'ingress port',
  );
}

/** TLS for clients outside of the mesh, from files beside the proxy. */
function checkIngressTls({ port, tls = {} }: Ingress, scope: Scope): void {
  const protocol = port?.protocol?.toUpperCase();
  if (protocol !== 'HTTPS' && protocol !== 'TLS')
    scope.error('server cannot have TLS settings for non HTTPS/TLS ports');
  if (tls.mode !== 'SIMPLE' && tls.mode !== 'MUTUAL' && tls.mode !== 'OPTIONAL_MUTUAL')
    scope.at('mode').error('a sidecar terminates TLS in the modes SIMPLE, MUTUAL and OPTIONAL_MUTUAL');
  checkServerTls(tls, scope);
}

function checkEgressProxy(policy: Sidecar['outboundTrafficPolicy'], scope: Scope): void {
  if (!policy?.egressProxy) return;
  const at = scope.at('egressProxy');
  if ((policy.mode ?? 'REGISTRY_ONLY') !== 'ALLOW_ANY') at.error('egressProxy needs the mode ALLOW_ANY');
  checkDestination(policy.egressProxy, at);
}

function checkBind(bind: string | undefined, scope: Scope): void {
  if (bind !== undefined && !isAddress(bind))
    scope.error(`bind has to be an address, not ${JSON.stringify(bind)}`);
}

/** Traffic is handed to this workload only: its loopback address, all its addresses, or a socket. */
function checkDefaultEndpoint(endpoint: string, scope: Scope): void {
  if (endpoint.startsWith('unix://')) {
    const path = endpoint.slice('unix://'.length);
    if (!path.startsWith('/') && !path.startsWith('@'))
      scope.error('a unix endpoint is unix:///absolute/path');
    // sockaddr_un holds 108 bytes with the ending zero: Envoy refuses longer ones.
    if (Buffer.byteLength(path) > 107) scope.error('a unix socket path has at most 107 bytes');
    return;
  }
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(endpoint) ?? [];
  const isLocal = ['0.0.0.0', '[::]', '[::1]'].includes(host) || (host.startsWith('127.') && isAddress(host));
  if (!isLocal || Number(port) < 1 || Number(port) > 65535) {
    scope.error(
      `defaultEndpoint must be of form 127.0.0.1:<port>, [::1]:<port>, 0.0.0.0:<port>, [::]:<port> or unix:///path`,
    );
  }
}

type Egress = NonNullable<Sidecar['egress']>[number];

/** @see https://man7.org/linux/man-pages/man7/unix.7.html */
function checkSocketBind({ bind = '', captureMode, port }: Egress, scope: Scope): void {
  const path = bind.slice('unix://'.length);
  if (!path.startsWith('/') && !path.startsWith('@'))
    scope.at('bind').error('a unix bind is unix:///absolute/path');
  if (Buffer.byteLength(path) > 107) scope.at('bind').error('a unix socket path has at most 107 bytes');
  if (port?.number) scope.at('port', 'number').error('the port of a unix socket is 0');
  if (captureMode === 'IPTABLES') scope.at('captureMode').error('iptables do not capture unix sockets');
}

function checkEgress(egress: readonly Egress[], scope: Scope): void {
  egress.forEach((listener, index) => {
    const at = scope.at(index);
    const onSocket = listener.bind?.startsWith('unix://') ?? false;
    if (listener.port) checkServicePort(listener.port, at.at('port'), { zero: onSocket, sniffed: true });
    else {
      if (index < egress.length - 1)
        at.error('the egress listener with empty port should be the last listener in the list');
      if (listener.bind) at.at('bind').error('a bind address needs a port');
    }
    if (!onSocket) checkBind(listener.bind, at.at('bind'));
    else checkSocketBind(listener, at);
    if (!listener.hosts?.length) at.at('hosts').error('egress listener must contain at least one host');
    listener.hosts?.forEach((host, position) => {
      checkScopedHost(host, at.at('hosts', position), { namespace: 'required', none: true });
    });
  });
  checkUnique(
    egress.map((listener) => listener.port && `${listener.bind ?? ''}:${listener.port.number}`),
    scope,
    'egress port',
  );
}
