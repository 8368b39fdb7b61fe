import type { Fact, TypeUrl, XdsResource } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import type { FactNode } from './fact-index.js';
import type { Generated } from './generated.js';
import type { FieldMask } from './proxy-reads.js';

/** Names of one type, each once. */
export type Names = ReadonlySet<string>;

/** One result in the cache: either names of a type (`name` is NAMES or OWN_NAMES) or one resource. */
export interface Entry {
  readonly type: TypeUrl;
  readonly name: string;
  readonly scope: Scope;
  deps: readonly FactNode<Entry>[];
  names: Names;
  generated: Generated | undefined;
  /** It could not be made, and there are no last good bytes: whether there is such a resource is not known. */
  unknown?: boolean;
}

/**
 * Results of one type that hold for all proxies that agree on the fields in `mask`. It lives while a class that
 * agrees is kept.
 */
export interface Scope {
  readonly id: string;
  readonly type: TypeUrl;
  readonly mask: FieldMask;
  readonly entries: Map<string, Entry>;
  readonly classes: Set<ProxyClass>;
}

/** Proxies with equal resources: those of one `className`. */
export interface ProxyClass {
  readonly className: string;
  readonly proxy: Proxy;
  /** The proxy as selectors see it. */
  readonly recording: Proxy;
  /** Per type, the scopes that hold for this class, in the order of the type's masks. */
  readonly scopes: Map<TypeUrl, Scope[]>;
  connections: number;
}

/** Resources that a change touched, by type; `everything` where the names of a type have to be compared anew. */
export interface Touched {
  readonly resources: Map<TypeUrl, Set<string>>;
  readonly everything: Set<TypeUrl>;
}

/** What went wrong while a resource was made; its last good bytes are still served. */
export interface GenerationFailure {
  readonly type: TypeUrl;
  readonly name: string;
  readonly message: string;
}

/** A resource that breaks a rule of Envoy's API, and so is not sent in this form. */
export interface InvalidEntry {
  readonly type: TypeUrl;
  /** One of those that would get it. */
  readonly proxyClass: ProxyClass;
  readonly resource: XdsResource;
  /** Which rule, and where. */
  readonly message: string;
}

/** What one run of a selector found out. */
export interface Selection<T> {
  readonly value: T | undefined;
  readonly mask: FieldMask;
  readonly facts: ReadonlySet<Fact>;
  readonly error: Error | undefined;
}

/** What generators list: see Generator.names and ownNames. No resource is called so. */
export const NAMES = '\0names';
export const OWN_NAMES = '\0own names';
export const NO_NAMES: Names = new Set();

export function isNames(name: string): boolean {
  return name === NAMES || name === OWN_NAMES;
}

/** The name of a failure's or change's resource as the cache keeps it. */
export function touch(touched: Touched, type: TypeUrl, name: string): void {
  let names = touched.resources.get(type);
  if (!names) touched.resources.set(type, (names = new Set()));
  names.add(name);
}

export function noTouch(): Touched {
  return { resources: new Map(), everything: new Set() };
}

export function versionOf(resource: XdsResource | undefined): string {
  return resource?.version ?? '';
}
