import type { envoy } from '#common/proto/edge';
import { Timestamp } from '#expressions';
import { ipAddress, socketAddress } from './addresses.js';
import type { Attributes } from './bag.js';
import { addAll, RecordMap, setPresent } from './bag.js';
import { setCarried } from './carried.js';
import { setHeaders, setPath } from './http.js';
import { principalOf } from './principal.js';
import type { Workload } from './workload.js';
import type { WorkloadDirectory } from './workload-directory.js';

type Context = envoy.service.auth.v3.AttributeContext.$Properties;
type HttpRequest = envoy.service.auth.v3.AttributeContext.HttpRequest.$Properties;

/** The attributes of a request that Envoy's ext_authz filter asks about. */
export function checkAttributes(context: Context, directory: WorkloadDirectory): Attributes {
  const bag: Attributes = new Map();
  const http = context.request?.http;
  setPeers(bag, context, directory);
  setConnection(bag, context);
  if (http) setRequest(bag, http);
  else bag.set('context.protocol', 'tcp');
  const time = context.request?.time;
  if (time) bag.set('request.time', new Timestamp(time.seconds ?? 0, time.nanos ?? 0));
  return bag;
}

/** Who speaks to whom: by what the certificates prove and by the proxy's own config, never by a header. */
function setPeers(bag: Attributes, context: Context, directory: WorkloadDirectory): void {
  const principal = principalOf(context.source?.principal);
  const own = ownWorkload(context, directory);
  const outbound = context.contextExtensions?.['context.reporter.kind'] === 'outbound';
  if (outbound && own) addAll(bag, own.source);
  if (!outbound && own) addAll(bag, own.destination);
  setCarried(bag, context.contextExtensions);
  if (!outbound && principal !== undefined) addAll(bag, directory.ofPrincipal(principal)?.source ?? []);
  setPresent(bag, 'source.principal', principal);
  setPresent(bag, 'source.user', principal);
  setPresent(bag, 'destination.principal', principalOf(context.destination?.principal));
  bag.set('connection.mtls', principal !== undefined);
}

function ownWorkload(context: Context, directory: WorkloadDirectory): Workload | undefined {
  const carried = context.contextExtensions;
  const uid = carried?.['context.reporter.uid'] ?? carried?.['destination.uid'] ?? carried?.['source.uid'];
  return uid === undefined ? undefined : directory.ofUid(uid);
}

function setConnection(bag: Attributes, context: Context): void {
  const remote = ipAddress(socketAddress(context.source?.address)?.address);
  const local = socketAddress(context.destination?.address);
  // For HTTP this is the address that X-Forwarded-For gives, hence origin.ip too, as in Mixer.
  setPresent(bag, 'origin.ip', remote);
  if (!bag.has('source.ip')) setPresent(bag, 'source.ip', remote);
  setPresent(bag, 'destination.ip', ipAddress(local?.address));
  if (local) bag.set('destination.port', local.port);
  setPresent(bag, 'connection.requested_server_name', context.tlsSession?.sni);
}

function setRequest(bag: Attributes, http: HttpRequest): void {
  setHeaders(bag, new RecordMap(http.headers ?? {}));
  setPath(bag, http.path);
  setPresent(bag, 'request.id', http.id);
  setPresent(bag, 'request.host', http.host);
  setPresent(bag, 'request.method', http.method);
  bag.set('request.scheme', http.scheme || 'http');
  // -1 where Envoy does not know the body's size yet.
  if ((http.size ?? -1) >= 0) bag.set('request.size', http.size ?? 0);
}
