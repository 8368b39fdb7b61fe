import type { Endpoint, Service } from '../model/service.js';
import { fact } from './facts.js';
import type { HostList } from './host-list.js';
import type { Hosted } from './indexes/hosted.js';
import { accountsOf, portUse, sortOf, wantsAddress } from './indexes/service-index.js';
import type { PortUse, ServiceSummary, UseSort, Viewer } from './view.js';
import { Viewpoint } from './viewpoint.js';
import { isVisible } from './visibility.js';

/** Services, their ports and endpoints, as far as a viewer sees them. */
export abstract class RecordedServices extends Viewpoint {
  services(from: Viewer): HostList<ServiceSummary> {
    this.watch(fact.services, fact.servicesIn, fact.listed);
    this.record(fact.mesh('visibility'));
    return this.seen.list(
      `${this.seer(from)} ${this.viewer?.type === 'router'} ${this.scope.id}`,
      () => this.candidates(),
      (host) => this.reached(this.imported(host, from)?.service),
    );
  }

  /** Who sees services as this viewer does: its namespace, or everybody. */
  private seer(from: Viewer): string {
    const { indexes } = this;
    const isUniform = indexes.services.isUniform && this.mesh().defaultServiceExportTo.includes('*');
    return isUniform ? '*' : from.namespace;
  }

  /** The hosts of services that the scope may import. */
  private candidates(): string[] {
    const { everything, namespaces, hosts } = this.scope.extent;
    const { services } = this.indexes;
    if (everything) return services.hosts();
    const held = namespaces.flatMap((namespace) => services.hostsIn(namespace));
    return [...new Set([...held, ...hosts])].sort();
  }

  ports(): readonly number[] {
    this.watch(fact.ports, fact.portsIn, fact.portsOf);
    const { services } = this.indexes;
    if (this.scope.extent.everything) return services.ports();
    const ports = this.candidates().flatMap((host) => services.portsOf(host));
    return [...new Set(ports)].sort((a, b) => a - b);
  }

  servicesOnPort(port: number, from: Viewer, sort?: UseSort): HostList<PortUse> {
    this.watch(fact.servicesOnPort(port), fact.portsIn, fact.portsOf);
    this.record(fact.mesh('visibility'));
    const { services } = this.indexes;
    if (this.viewer?.autoAllocate) this.record(fact.autoAddresses);
    const { autoAllocate, clusterId } = this.viewer ?? {};
    return this.seen.list(
      `${sort} on ${port} ${this.seer(from)} ${autoAllocate} ${clusterId} ${this.scope.id}`,
      () => (this.scope.extent.everything ? services.onPort(port) : this.candidates()),
      (host) => {
        const service = this.reached(this.imported(host, from)?.service);
        const use = service && portUse(this.addressed(service), port);
        return use && (!sort || sortOf(use) === sort) ? use : undefined;
      },
    );
  }

  service(host: string, from: Viewer): Service | undefined {
    this.record(fact.service(host));
    const service = this.reached(this.pick(host, from)?.service);
    return service && this.addressed(service);
  }

  /**
   * A service as the viewer has it: under the addresses of its cluster; and a gateway's clients do not choose among the
   * endpoints of a headless one, it does.
   */
  protected reached(service: Service | undefined): Service | undefined {
    const { viewer } = this;
    const seen = service?.addressesIn && viewer ? service.in(viewer.clusterId) : service;
    return seen?.headless && viewer?.type === 'router' ? seen.withEndpoints() : seen;
  }

  /** With the address that the viewer's name server makes up where the service has none. */
  private addressed(service: Service): Service {
    if (!this.viewer?.autoAllocate || !wantsAddress(service)) return service;
    this.record(fact.autoAddresses);
    const address = this.indexes.services.auto.addressOf(service.host);
    return address === undefined ? service : service.at(address);
  }

  endpoints(host: string, from: Viewer): readonly Endpoint[] {
    this.record(fact.service(host));
    this.record(fact.endpoints(host));
    return this.pick(host, from)?.endpoints ?? [];
  }

  accounts(host: string, from: Viewer): readonly string[] {
    this.record(fact.service(host));
    this.record(fact.accounts(host));
    const hosted = this.pick(host, from);
    return hosted ? accountsOf(hosted) : [];
  }

  takesMtls(host: string, from: Viewer): boolean {
    this.record(fact.service(host));
    this.record(fact.accounts(host));
    return this.pick(host, from)?.endpoints.some(({ tlsMode }) => tlsMode === 'istio') ?? false;
  }

  hostsAt(address: string): readonly string[] {
    this.record(fact.servicesAt(address));
    const { services } = this.indexes;
    const hosts = [...services.atAddress(address), ...this.allocatedAt(address)].filter((host) =>
      services.ofHost(host).some(({ service }) => this.isAt(service, address)),
    );
    if (hosts.length < 2 || this.scope.isEverything) return hosts;
    return hosts.filter((host) => {
      this.record(fact.service(host));
      return this.indexes.services
        .ofHost(host)
        .some(({ service }) => this.scope.imports(service.namespace, host));
    });
  }

  /** Another cluster may have the address for something else. */
  private isAt(service: Service, address: string): boolean {
    if (!service.addressesIn) return true;
    this.record(fact.service(service.host));
    return this.reached(service)?.addresses.includes(address) ?? false;
  }

  private allocatedAt(address: string): string[] {
    if (!this.viewer?.autoAllocate) return [];
    this.record(fact.autoAddresses);
    return [this.indexes.services.auto.hostAt(address) ?? []].flat();
  }

  /** The service that a host stands for: an imported one, else any that the namespace may see. */
  protected pick(host: string, from: Viewer): Hosted | undefined {
    const visible = this.visible(host, from);
    return visible.length > 1 ? (visible.find((each) => this.imports(each)) ?? visible[0]) : visible[0];
  }

  /** For lists, which have the scope's `id` in their key. */
  private imported(host: string, from: Viewer): Hosted | undefined {
    return this.visible(host, from).find(({ service }) => this.scope.lists(service.namespace, host));
  }

  private imports({ service }: Hosted): boolean {
    return this.scope.imports(service.namespace, service.host);
  }

  /** The namespace's own first. Callers record the facts: what they show of a service differs. */
  protected visible(host: string, from: Viewer): readonly Hosted[] {
    const byDefault = this.mesh().defaultServiceExportTo;
    const visible = this.indexes.services
      .ofHost(host)
      .filter(({ service }) => isVisible(service.namespace, service.exportTo, byDefault, from));
    if (visible.length < 2) return visible;
    const isOwn = ({ service }: Hosted): boolean => service.namespace === from.namespace;
    return [...visible.filter(isOwn), ...visible.filter((each) => !isOwn(each))];
  }
}
