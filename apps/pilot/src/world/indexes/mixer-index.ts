import type { Instance, Rule } from '#config';
import { PersistentMap } from '#common/collections';
import { referencedHeaders } from '#expressions';
import type { Config } from '../../model/config.js';
import type { Fact } from '../../model/contract.js';
import type { MixerHeaders } from '../../model/mixer-headers.js';
import { fact } from '../facts.js';
import type { Edit, Index } from './edit.js';
import { touchIfChanged } from './edit.js';

/** What of Mixer's config concerns the proxies: the headers that its expressions read. */
export class MixerIndex implements Index<Rule | Instance> {
  private constructor(
    private readonly byKey: PersistentMap<MixerHeaders>,
    readonly headers: MixerHeaders,
  ) {}

  static readonly empty = new MixerIndex(PersistentMap.empty(), { request: [], response: [] });

  apply(edits: readonly Edit<Rule | Instance>[], touched: Set<Fact>): MixerIndex {
    let { byKey } = this;
    for (const { before, after } of edits) {
      if (before) byKey = byKey.delete(before.key);
      if (after) byKey = byKey.set(after.key, headersOf(after));
    }
    const headers = union([...byKey.values()]);
    touchIfChanged(touched, this.headers, headers, fact.mixerHeaders);
    return new MixerIndex(byKey, headers);
  }
}

/** Every text in a rule or an instance may be an expression; what does not parse reads no header. */
function headersOf(config: Config<Rule | Instance>): MixerHeaders {
  return union([...texts(config.spec)].map((text) => referencedHeaders(text)));
}

function union(parts: readonly MixerHeaders[]): MixerHeaders {
  const all = (pick: (part: MixerHeaders) => readonly string[]): string[] =>
    [...new Set(parts.flatMap(pick).map((name) => name.toLowerCase()))].sort();
  return { request: all((part) => part.request), response: all((part) => part.response) };
}

function* texts(value: unknown): IterableIterator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) yield* texts(member);
}
