import type { Gateway, Server } from '../kinds/gateway.js';
import type { Scope } from '../problem.js';
import { checkScopedHost } from './names.js';
import { checkServicePort } from './port.js';
import { checkServerTls } from './server-tls.js';
import { checkLabels, checkUnique, isAddress } from './text.js';

/** @see https://istio.io/latest/docs/reference/config/networking/gateway/ */
export function checkGateway(spec: Gateway, scope: Scope): void {
  const servers = spec.servers ?? [];
  checkLabels(spec.selector, scope.at('selector'));
  if (servers.length === 0) scope.at('servers').error('gateway must have at least one server');
  servers.forEach((server, index) => checkServer(server, scope.at('servers', index)));
  checkUnique(
    servers.map((server) => server.port?.name),
    scope.at('servers'),
    'port name',
  );
  checkUnique(
    servers.map((server) => server.name || undefined),
    scope.at('servers'),
    'server name',
  );
}

function checkServer(server: Server, scope: Scope): void {
  const onSocket = server.bind?.startsWith('unix://') ?? false;
  checkServicePort(server.port, scope.at('port'), { zero: onSocket });
  if (server.port && !server.port.name) scope.at('port').error('port needs a name');
  if (server.port?.protocol?.toUpperCase() === 'UDP')
    scope.at('port', 'protocol').error('gateways carry no UDP');
  if (server.bind !== undefined) checkBind(server.bind, scope.at('bind'));
  if (!server.hosts?.length) scope.at('hosts').error('server config must contain at least one host');
  server.hosts?.forEach((host, index) =>
    checkScopedHost(host, scope.at('hosts', index), { namespace: 'optional' }),
  );
  checkServerMode(server, scope);
}

function checkBind(bind: string, scope: Scope): void {
  const path = bind.startsWith('unix://') ? bind.slice('unix://'.length) : undefined;
  if (path === undefined) {
    if (!isAddress(bind))
      scope.error(`bind has to be an address or unix:///path, not ${JSON.stringify(bind)}`);
    return;
  }
  if (!/^[/@]./.test(path)) scope.error('a socket is unix:///absolute/path or unix://@name');
  // sockaddr_un holds 108 bytes with the ending zero: Envoy refuses longer ones.
  if (Buffer.byteLength(path) > 107) scope.error('a unix socket path has at most 107 bytes');
}

function checkServerMode(server: Server, scope: Scope): void {
  const protocol = server.port?.protocol?.toUpperCase();
  const secure = protocol === 'HTTPS' || protocol === 'TLS';
  const { tls } = server;
  if (secure && !tls) return scope.error(`server must have TLS settings for HTTPS/TLS protocols`);
  if (!tls) return;
  if (!secure && !(protocol === 'HTTP' && tls.httpsRedirect)) {
    return scope.at('tls').error('server cannot have TLS settings for non HTTPS/TLS ports');
  }
  if (!secure) return;
  if (tls.httpsRedirect) scope.at('tls', 'httpsRedirect').error('httpsRedirect is for plain HTTP servers');
  checkServerTls(tls, scope.at('tls'));
}
