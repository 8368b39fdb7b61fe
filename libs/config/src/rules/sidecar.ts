import type { Sidecar } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkScopedHost } from './names.js';
import { checkServicePort } from './port.js';
import { checkLabels, checkUnique, isAddress } from './text.js';

/** @see https://istio.io/latest/docs/reference/config/networking/sidecar/ */
export function checkSidecar(spec: Sidecar, scope: Scope): void {
  const { ingress = [], egress = [] } = spec;
  checkLabels(spec.workloadSelector?.labels, scope.at('workloadSelector', 'labels'));
  if (ingress.length === 0 && egress.length === 0 && !spec.outboundTrafficPolicy) {
    scope.error('sidecar: empty configuration provided');
  }
  checkIngress(ingress, scope.at('ingress'));
  checkEgress(egress, scope.at('egress'));
}

function checkIngress(ingress: NonNullable<Sidecar['ingress']>, scope: Scope): void {
  ingress.forEach((listener, index) => {
    const at = scope.at(index);
    checkServicePort(listener.port, at.at('port'), { sniffed: true });
    checkBind(listener.bind, at.at('bind'));
    if (listener.defaultEndpoint !== undefined)
      checkDefaultEndpoint(listener.defaultEndpoint, at.at('defaultEndpoint'));
  });
  checkUnique(
    ingress.map((listener) => listener.port?.number?.toString()),
    scope,
    'ingress port',
  );
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

function checkEgress(egress: NonNullable<Sidecar['egress']>, scope: Scope): void {
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
