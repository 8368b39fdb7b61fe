import { TYPE, type TypeUrl, type XdsResource } from '../model/contract.js';

/** Of each type; the oldest is forgotten first. */
const LIMIT = 2_000;

/**
 * Clusters and their endpoints that are gone, or that no connected proxy has, as they were last. A state-of-the-world
 * client that comes back names what it uses, not in which form: with these it can be told to keep a cluster for as
 * long as its routes still lead there.
 */
export class Departed {
  private readonly resources = new Map<TypeUrl, Map<string, XdsResource>>([
    [TYPE.cluster, new Map()],
    [TYPE.endpoint, new Map()],
  ]);

  /** Remembers it, where it is of such a type. */
  add(type: TypeUrl, resource: XdsResource): void {
    const ofType = this.resources.get(type);
    if (!ofType) return;
    ofType.delete(resource.name);
    ofType.set(resource.name, resource);
    if (ofType.size > LIMIT) ofType.delete(ofType.keys().next().value!);
  }

  get(type: TypeUrl, name: string): XdsResource | undefined {
    return this.resources.get(type)?.get(name);
  }
}
