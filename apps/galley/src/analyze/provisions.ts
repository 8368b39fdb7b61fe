import { decodeContent, originIn, provisionsOf } from '#config';
import type { FileReading, Provision } from '#config';
import { diagnostic, formatPath } from '#config';
import type { Diagnostic } from '#config';
import type { Snapshot } from '../snapshot/snapshot.js';

/** What can be named of a whole config, kept up to date at the cost of what changes. */
export class Provisions {
  private readonly byUnit = new Map<string, readonly Provision[]>();
  private readonly counts = new Map<Provision, number>();

  /** Takes in what these files of a snapshot provide now. */
  update(snapshot: Snapshot, units: Iterable<string>): void {
    for (const unit of units) {
      for (const provision of this.byUnit.get(unit) ?? []) this.count(provision, -1);
      const provided = providedBy(snapshot, unit);
      if (provided.length > 0) this.byUnit.set(unit, provided);
      else this.byUnit.delete(unit);
      for (const provision of provided) this.count(provision, 1);
    }
  }

  /** What a reading names and nobody provides, the reading itself apart. */
  missing(reading: FileReading): Diagnostic[] {
    return reading.documents.flatMap((document) => {
      if (document.outcome !== 'accepted') return [];
      const own = new Set(provisionsOf(document.resource));
      const dangling = document.references.filter(
        ({ anyOf }) => !anyOf.some((provision) => own.has(provision) || this.counts.has(provision)),
      );
      return dangling.map(({ path, what, line }) =>
        diagnostic('reference', `referenced ${what} not found`, {
          origin: originIn(reading, line),
          path: formatPath(path),
          resource: document.resource.key,
        }),
      );
    });
  }

  private count(provision: Provision, by: 1 | -1): void {
    const count = (this.counts.get(provision) ?? 0) + by;
    if (count > 0) this.counts.set(provision, count);
    else this.counts.delete(provision);
  }
}

function providedBy({ files }: Snapshot, unit: string): Provision[] {
  const state = files.get(unit);
  if (!state) return [];
  const accepted = [...state.claims].flatMap(([key, { content }]) =>
    provisionsOf(decodeContent(key, content)),
  );
  const foreign = (state.reading?.documents ?? []).flatMap((document) =>
    document.outcome === 'ignored' ? (document.provides ?? []) : [],
  );
  return [...accepted, ...foreign];
}
