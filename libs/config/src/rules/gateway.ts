import type { Gateway, Server } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkScopedHost } from './names.js';
import { checkServicePort } from './port.js';
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
  if (server.bind !== undefined && !onSocket && !isAddress(server.bind)) {
    scope.at('bind').error(`bind has to be an address or unix:///path, not ${JSON.stringify(server.bind)}`);
  }
  if (!server.hosts?.length) scope.at('hosts').error('server config must contain at least one host');
  server.hosts?.forEach((host, index) =>
    checkScopedHost(host, scope.at('hosts', index), { namespace: 'optional' }),
  );
  checkServerTls(server, scope);
}

function checkServerTls(server: Server, scope: Scope): void {
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
  checkServerCertificates(tls, scope.at('tls'));
}

export function checkServerCertificates(tls: NonNullable<Server['tls']>, scope: Scope): void {
  const mode = tls.mode ?? 'PASSTHROUGH';
  const files = [tls.serverCertificate, tls.privateKey, tls.caCertificates].some(Boolean);
  if (mode === 'ISTIO_MUTUAL' && (files || tls.credentialName)) {
    scope.error('ISTIO_MUTUAL uses the certificates of the mesh: name no others');
  }
  if (!['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL'].includes(mode) || tls.credentialName) return;
  if (!tls.serverCertificate) scope.error(`${mode} TLS requires a server certificate`);
  if (!tls.privateKey) scope.error(`${mode} TLS requires a private key`);
  if (mode !== 'SIMPLE' && !tls.caCertificates) scope.error(`${mode} TLS requires a client CA bundle`);
}
