import { createHash } from 'node:crypto';
import type { Resource, ResourceKey } from '#config';
import { decodeContent, encodeContent } from '#config';

/**
 * A config resource with the digest of its content. Inside the inputs of a generator it stands for itself by that
 * digest (see {@link Config.toJSON}): a key over a large VirtualService costs no more than one over a small one.
 */
export class Config<Spec = unknown> {
  private constructor(
    readonly resource: Resource<Spec>,
    readonly digest: string,
  ) {}

  /** @param content canonical JSON, as the config log holds it; throws SyntaxError where it is not JSON */
  static decode<Spec>(key: ResourceKey, content: string): Config<Spec> {
    return new Config(decodeContent<Spec>(key, content), digestOf(content));
  }

  /** Canonical JSON, the inverse of {@link Config.decode}. */
  get content(): string {
    return encodeContent(this.resource);
  }

  get key(): ResourceKey {
    return this.resource.key;
  }

  get namespace(): string {
    return this.resource.namespace;
  }

  get name(): string {
    return this.resource.name;
  }

  get spec(): Spec {
    return this.resource.spec;
  }

  toJSON(): string {
    return `${this.key}@${this.digest}`;
  }
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** Istio's order in every conflict: the older resource, then the smaller name, then the smaller namespace. */
export function byAge(a: Config, b: Config): number {
  return (
    compare(a.resource.creationTimestamp, b.resource.creationTimestamp) ||
    compare(a.name, b.name) ||
    compare(a.namespace, b.namespace) ||
    compare(a.key, b.key)
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
