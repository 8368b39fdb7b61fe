import type { ConsistentHashLB, ResourceKey, VirtualService } from '#config';
import type { RouteSettings } from './route-settings.js';
import type { Config } from '../../model/config.js';
import type { Inputs } from '../../model/contract.js';

/** Where a route may send requests, resolved against the services and rules that the proxy sees. */
export interface RouteDestination {
  /** As the config writes it: `host|port|subset`, the host in full, the port 0 where it is left out. */
  readonly ref: string;
  readonly cluster: string;
  readonly host: string;
  readonly port: number;
  /** Set where requests are hashed to endpoints. */
  readonly consistentHash?: ConsistentHashLB;
  /** Rules that the hash comes from. */
  readonly sources: readonly ResourceKey[];
}

/** A VirtualService with what it takes to read it. */
export interface VirtualServicePick {
  readonly config: Config<VirtualService>;
  /** `namespace/name` of those gateways through which it is served here, or `mesh`. */
  readonly gateways: readonly string[];
  /** What its routes delegate to, as far as there is such a thing and it may be used. */
  readonly delegates: readonly Config<VirtualService>[];
}

/** Everything a virtual host is made of. */
export interface VirtualHostPick {
  /** VirtualHost.name: `<host>:<port>`, with the route in front where it travels by itself. */
  readonly name: string;
  readonly host: string;
  readonly domains: readonly string[];
  /** The port that requests came to; what `match.port` is compared with. */
  readonly port: number;
  /** The proxy's namespace and labels, where a match asks for them. */
  readonly source?: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  /** Older first. Without any, requests go to `fallback`. */
  readonly virtualServices: readonly VirtualServicePick[];
  readonly destinations: readonly RouteDestination[];
  readonly fallback?: RouteDestination;
  /** The config that defines the service behind `fallback`. */
  readonly serviceSources: readonly ResourceKey[];
  /** Answer plaintext requests with a redirect to https. */
  readonly httpsRedirect: boolean;
  readonly settings?: RouteSettings;
}

export type VirtualHostInputs = VirtualHostPick & Inputs;
