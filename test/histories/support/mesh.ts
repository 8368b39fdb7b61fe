import type { Operation } from '#common/config-log';
import {
  accessLog,
  destinationRule,
  gateway,
  MESH,
  serviceEntry,
  sidecar,
  virtualService,
  type Subset,
} from './resources.js';

/** Always there, and what the load calls. */
export const CORE = ['core-0', 'core-1', 'core-2'] as const;
/** Come and go: core routes may lead to them. */
export const FLUX = ['flux-0', 'flux-1', 'flux-2'] as const;
export const BACKENDS = ['v1', 'v2', 'v3', 'v4'] as const;

export interface ServiceState {
  backends: readonly string[];
  /** Its version is one of the backends. */
  subset: Subset | undefined;
  connectTimeoutMs: number;
}

export interface RouteState {
  mark: number;
  service: string;
  /** Leads to the service's subset instead of all of it. */
  toSubset: boolean;
}

/** The ports of a proxy: one to call through that is always there, one that listeners come and go on. */
export interface ProxyPorts {
  readonly name: string;
  readonly role: 'sidecar' | 'gateway';
  readonly main: number;
  readonly extra: number;
}

/** A mesh that is edited: what it is now, and the resources that say so. Edits (edits.ts) keep it sound. */
export class EditedMesh {
  readonly services = new Map<string, ServiceState>();
  readonly routes = new Map<string, RouteState>();
  /** Proxies with their second port open. */
  readonly open = new Set<string>();
  /** Sidecars that import the core services alone, and what their routes lead to. */
  readonly narrow = new Set<string>();
  loggedStatus = 600;
  private numbers = 0;

  constructor(
    readonly proxies: readonly ProxyPorts[],
    private readonly portOf: (backend: string) => number,
  ) {
    for (const name of [...CORE, ...FLUX]) this.services.set(name, this.newService());
    for (const name of CORE) this.routes.set(name, { mark: this.number(), service: name, toSubset: false });
  }

  /** Another one each time. */
  number(): number {
    return ++this.numbers;
  }

  newService(): ServiceState {
    return { backends: ['v1', 'v2'], subset: undefined, connectTimeoutMs: 10_000 };
  }

  /** All of it. */
  operations(): Operation[] {
    const services = [...this.services.keys()].flatMap((name) => this.serviceOperations(name));
    const routes = [...this.routes.keys()].map((name) => this.routeOperation(name));
    const listeners = this.proxies.map(({ name }) => this.listenerOperation(name));
    return [MESH, accessLog(this.loggedStatus), ...services, ...routes, ...listeners];
  }

  serviceOperations(name: string): Operation[] {
    return [this.entryOperation(name), this.ruleOperation(name)];
  }

  entryOperation(name: string): Operation {
    return serviceEntry(name, this.service(name).backends, this.portOf);
  }

  ruleOperation(name: string): Operation {
    const { connectTimeoutMs, subset } = this.service(name);
    return destinationRule(name, connectTimeoutMs, subset);
  }

  routeOperation(name: string): Operation {
    const { mark, service, toSubset } = this.route(name);
    const destination = { service, subset: toSubset ? this.service(service).subset?.name : undefined };
    const gateways = this.proxies.filter(({ role }) => role === 'gateway').map((proxy) => proxy.name);
    return virtualService(name, mark, destination, gateways);
  }

  listenerOperation(proxy: string): Operation {
    const { name, role, main, extra } = this.proxies.find((each) => each.name === proxy)!;
    const isOpen = this.open.has(name);
    const ports = isOpen ? [main, extra] : [main];
    if (role === 'gateway') return gateway(name, ports);
    const hosts = this.narrow.has(name) ? CORE.map((core) => `./${core}.default.svc.cluster.local`) : ['./*'];
    return sidecar(
      name,
      ports.map((port) => ({ port, hosts })),
    );
  }

  service(name: string): ServiceState {
    return this.services.get(name)!;
  }

  route(name: string): RouteState {
    return this.routes.get(name)!;
  }

  /** The routes that lead to a service. */
  usersOf(service: string): string[] {
    return [...this.routes].filter(([, route]) => route.service === service).map(([name]) => name);
  }
}
