import type { Telemetry } from '#config';
import type { Config } from '../model/config.js';
import type { Found } from '../model/credential.js';
import { gatewayTable, type GatewayTable } from '../model/gateways.js';
import type { MixerHeaders } from '../model/mixer-headers.js';
import type { Patch, PatchedPart } from '../model/patch.js';
import type { EffectiveProxyConfig } from '../model/proxy-config.js';
import type { Proxy } from '../model/proxy.js';
import { endpointPort, type Endpoint } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import { fact } from './facts.js';
import { foundCredential } from './found-credential.js';
import { placeOf, placedServers } from './gateway-servers.js';
import { filedUnder } from './indexes/gateway-index.js';
import { ownProxyConfig, ownTelemetries } from './own-settings.js';
import { ownEndpoints, ownWorkloads } from './own-workload.js';
import { mtlsMode, type MtlsMode } from './peer-authentication.js';
import { RecordedRoutes } from './recorded-routes.js';
import { once } from './seen.js';
import type { Instance, Viewer, WorldView } from './view.js';

type Labels = Readonly<Record<string, string>>;

/**
 * Answers from the indexes, and writes down which facts it answered from. Here stands what concerns the proxy itself;
 * it inherits the answers about the services that the proxy sees, and about the routes to them. One object, not three:
 * views are made and asked for every resource that is picked.
 */
export class RecordedView extends RecordedRoutes implements WorldView {
  scopedTo(proxy: Proxy): WorldView {
    return new RecordedView(this.environment, this.indexes, this.record, this.clusters, proxy, this.seen);
  }

  mixerHeaders(): MixerHeaders {
    this.record(fact.mixerHeaders);
    return this.indexes.mixer.headers;
  }

  credential(namespace: string, name: string, account: string): Found {
    return foundCredential(this.indexes.credentials, this.record, { namespace, name, account });
  }

  otherClusters({ clusterId }: Proxy): ReadonlySet<string> {
    this.record(fact.clusters);
    const [first] = this.clusters;
    const own = this.clusters.includes(clusterId) ? clusterId : first;
    return new Set(this.clusters.filter((id) => id !== own));
  }

  workloads(proxy: Proxy): readonly Workload[] {
    return ownWorkloads(this.indexes.services, this.record, proxy);
  }

  instances(proxy: Proxy): readonly Instance[] {
    const { hosts, isMine } = ownEndpoints(this.indexes.services, this.record, proxy);
    return hosts.flatMap((host) => this.instancesIn(host, isMine, proxy));
  }

  private instancesIn(host: string, isMine: (endpoint: Endpoint) => boolean, from: Viewer): Instance[] {
    this.record(fact.service(host));
    // A workload serves what it is an endpoint of, whatever its Sidecar imports, and before it takes traffic. Not by `endpoints`: of those only the own one counts, for which `servicesOf` stands.
    const hosted = this.visible(host, from)[0];
    const endpoint = hosted && (hosted.endpoints.find(isMine) ?? hosted.idle.find(isMine));
    if (!hosted || !endpoint) return [];
    const { service } = hosted;
    return service.ports.flatMap((port) => {
      const number = endpointPort(endpoint, port);
      return number === undefined ? [] : [{ service, port, endpoint, number }];
    });
  }

  mtls(namespace: string, labels: Labels, port: number): MtlsMode {
    const { rootNamespace } = this.mesh();
    this.record(fact.peerAuthentications(namespace));
    this.record(fact.peerAuthentications(rootNamespace));
    const { peerAuthentications } = this.indexes;
    return mtlsMode(peerAuthentications.in(namespace), peerAuthentications.in(rootNamespace), labels, port);
  }

  gatewayTable(proxy: Proxy): GatewayTable {
    const { labels, namespace } = proxy;
    const home = this.environment.switches?.scopeGatewayToNamespace ? namespace : undefined;
    const place = placeOf(proxy, this.instances(proxy));
    for (const label of filedUnder(labels)) this.record(fact.gateways(label));
    // What the same Gateways make of the same place is the same: put together once per world.
    return once(this.seen.gateways, JSON.stringify([labels, home, place]), () =>
      gatewayTable(placedServers(this.indexes.gateways.selecting(labels, home), place)),
    );
  }

  telemetries(proxy: Proxy): readonly Config<Telemetry>[] {
    return ownTelemetries(this.indexes.telemetries, this.record, proxy, this.mesh());
  }

  proxyConfig(proxy: Proxy): EffectiveProxyConfig {
    return ownProxyConfig(this.indexes.proxyConfigs, this.record, proxy, this.mesh());
  }

  patches(proxy: Proxy, part: PatchedPart): readonly Patch[] {
    this.record(fact.anyEnvoyFilters(part));
    const { envoyFilters } = this.indexes;
    // Without any, neither the proxy's namespace nor the mesh's root has to be looked at.
    if (!envoyFilters.has(part)) return [];
    const namespaces = new Set([this.mesh().rootNamespace, proxy.namespace]);
    return [...namespaces].flatMap((namespace) => {
      this.record(fact.envoyFilters(part, namespace));
      return envoyFilters.in(part, namespace);
    });
  }
}
