import type { AttributeManifest, ValueType } from '#config';
import type { AttributeFinder } from '#expressions';
import { BUILT_IN_MANIFESTS } from './vocabulary.js';

/** The types of the attributes that a set of manifests declares. The first declaration of a name stays. */
export class ManifestFinder implements AttributeFinder {
  private constructor(private readonly types: ReadonlyMap<string, ValueType>) {}

  /** The built-in vocabulary, and what the manifests add to it. */
  static of(manifests: readonly AttributeManifest[]): ManifestFinder {
    const types = new Map<string, ValueType>();
    for (const manifest of [...BUILT_IN_MANIFESTS, ...manifests]) {
      for (const [name, { valueType }] of Object.entries(manifest.attributes ?? {})) {
        if (valueType !== undefined && !types.has(name)) types.set(name, valueType);
      }
    }
    return new ManifestFinder(types);
  }

  typeOf(attribute: string): ValueType | undefined {
    return this.types.get(attribute);
  }

  get size(): number {
    return this.types.size;
  }
}

/** The vocabulary without any config. */
export const BUILT_IN_FINDER = ManifestFinder.of([]);
