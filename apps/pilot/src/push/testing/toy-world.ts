import type { ConfigChange } from '#common/config-log';
import { envoy } from '#common/proto/envoy';
import {
  TYPE,
  type Fact,
  type Generator,
  type Inputs,
  type TypeUrl,
  type Withdrawn,
  type World,
  type WorldUpdate,
  type WorldView,
} from '../../model/contract.js';
import type { Proxy } from '../../model/proxy.js';
import { NO_FIGURES } from '../../world/figures.js';

/** A resource of the toy world: any text, seen by the proxies of one namespace or (`*`) by all. */
export interface ToyResource {
  readonly text: string;
  readonly namespace: string;
  /** The encoded resource, where it has to be a real one. */
  readonly value?: Uint8Array;
}

interface ToyInputs extends Inputs {
  readonly name: string;
  readonly text: string;
  readonly value: Uint8Array | undefined;
}

/** A world whose resources are what they are: the engine's tests need no Istio. Immutable. */
export class ToyWorld implements World {
  constructor(
    readonly revision: number,
    readonly resources: ReadonlyMap<string, ToyResource>,
  ) {}

  static empty(): ToyWorld {
    return new ToyWorld(1, new Map());
  }

  /** Puts (or, with undefined, removes) resources by `<type>#<name>` and names the facts that this changed. */
  with(edits: Readonly<Record<string, ToyResource | undefined>>): { world: ToyWorld; changed: Set<Fact> } {
    const resources = new Map(this.resources);
    const changed = new Set<Fact>();
    for (const [key, resource] of Object.entries(edits)) {
      const before = resources.get(key);
      if (resource) resources.set(key, resource);
      else resources.delete(key);
      changed.add(key);
      if (before?.namespace !== resource?.namespace) changed.add(`names/${key.split('#')[0]}`);
    }
    return { world: new ToyWorld(this.revision + 1, resources), changed };
  }

  readonly figures = NO_FIGURES;

  apply(_change: ConfigChange): WorldUpdate {
    throw new Error('a toy world is edited by with()');
  }

  readonly withdrawn: Withdrawn = new Map();

  /** It has no config that could be. */
  withdraw(): WorldUpdate {
    return { world: this, changed: new Set(), diagnostics: [] };
  }

  config(): undefined {
    return undefined;
  }

  inForce(): undefined {
    return undefined;
  }

  origin(): undefined {
    return undefined;
  }

  contents(): never {
    throw new Error('a toy world holds no config');
  }

  inspect(): [] {
    return [];
  }

  view(record: (fact: Fact) => void): WorldView {
    return new ToyView(this.resources, record) as unknown as WorldView;
  }
}

class ToyView {
  constructor(
    private readonly resources: ReadonlyMap<string, ToyResource>,
    private readonly record: (fact: Fact) => void,
  ) {}

  get(key: string): ToyResource | undefined {
    this.record(key);
    return this.resources.get(key);
  }

  names(type: string, namespace: string): string[] {
    this.record(`names/${type}`);
    const visible = [...this.resources].filter(([, resource]) => isVisible(resource, namespace));
    return visible.filter(([key]) => key.startsWith(`${type}#`)).map(([key]) => key.slice(type.length + 1));
  }
}

/** Text that makes a generator throw, and text that makes it throw in `select`. */
export const BREAKS_GENERATE = 'breaks generate';
export const BREAKS_SELECT = 'breaks select';

class ToyGenerator implements Generator<ToyInputs> {
  runs = 0;

  constructor(readonly type: TypeUrl) {}

  names(view: WorldView, proxy: Proxy): readonly string[] {
    return (view as unknown as ToyView).names(this.type, proxy.namespace);
  }

  select(view: WorldView, proxy: Proxy, name: string): ToyInputs | undefined {
    const resource = (view as unknown as ToyView).get(`${this.type}#${name}`);
    if (resource?.text === BREAKS_SELECT) throw new Error(BREAKS_SELECT);
    if (!resource || !isVisible(resource, proxy.namespace)) return undefined;
    return { key: resource.text, name, text: resource.text, value: resource.value };
  }

  generate({ name, text, value: encoded }: ToyInputs): { value: Uint8Array; sources: string[] } {
    this.runs++;
    if (text === BREAKS_GENERATE) throw new Error(BREAKS_GENERATE);
    if (encoded) return { value: encoded, sources: [`toy/${name}`] };
    const value = this.type === TYPE.route ? encodeRoute(name, text) : Buffer.from(text);
    return { value, sources: [`toy/${name}`] };
  }
}

export function toyGenerators(): ToyGenerator[] {
  return [TYPE.cluster, TYPE.endpoint, TYPE.listener, TYPE.route, TYPE.virtualHost].map(
    (type) => new ToyGenerator(type),
  );
}

export function toyProxy(id: string, namespace = 'default', vhds = true): Proxy {
  return {
    id: `sidecar~127.0.0.1~${id}.${namespace}~${namespace}.svc.cluster.local`,
    clusterName: `${id}.${namespace}`,
    type: 'sidecar',
    ipAddresses: ['127.0.0.1'],
    ipFamilies: 'IPv4',
    dnsDomain: `${namespace}.svc.cluster.local`,
    namespace,
    name: id,
    clusterId: '',
    nodeName: '',
    labels: { app: id },
    serviceAccount: 'default',
    locality: { region: '', zone: '', subZone: '' },
    interceptionMode: 'NONE',
    workloadEntry: id,
    httpProxyPort: 0,
    http10: false,
    autoAllocate: false,
    vhds,
    proxyConfig: {},
    istioVersion: '',
    metadata: {},
    generator: '',
    proven: undefined,
    className: `${id}.${namespace}.${String(vhds)}`,
  };
}

function isVisible({ namespace }: ToyResource, from: string): boolean {
  return namespace === '*' || namespace === from;
}

/** A route whose text starts with `vhds` takes its hosts one by one. */
function encodeRoute(name: string, text: string): Uint8Array {
  const vhds = text.startsWith('vhds') ? { configSource: { ads: {}, resourceApiVersion: 2 } } : undefined;
  const virtualHosts = [{ name: text, domains: ['*'] }];
  return envoy.config.route.v3.RouteConfiguration.encode({ name, virtualHosts, vhds }).finish();
}
