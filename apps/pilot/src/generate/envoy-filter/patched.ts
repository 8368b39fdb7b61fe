import type { PatchTarget, ResourceKey } from '#config';
import type { Generator, Inputs, WorldView } from '../../model/contract.js';
import type { Patch } from '../../model/patch.js';
import type { Proxy } from '../../model/proxy.js';
import { distinctSources } from '../common/provenance.js';
import { seal } from '../common/seal.js';
import type { Fields } from './message.js';
import { decodeTarget, encodeTarget, valueOf } from './message.js';

/** How patches concern the resources of one type. `Context` is what they are compared with besides the message. */
export interface Patching<Context extends object> {
  /** The message that a resource is. */
  readonly target: PatchTarget;
  /** Names of the resources that patches add to those that a proxy has. */
  added(view: WorldView, proxy: Proxy): readonly string[];
  /** The patches that may change this resource; without any it stays what it is. */
  pick(view: WorldView, proxy: Proxy, name: string): Picked<Context>;
  /** Applies them to the message in place. Returns those that changed it. */
  apply(message: Fields, patches: readonly Patch[], context: Context): readonly Patch[] | 'removed';
}

export interface Picked<Context> {
  readonly patches: readonly Patch[];
  readonly context: Context;
}

/** The inputs of the generator inside, which stand for themselves by their key. */
class Base<I extends Inputs> {
  constructor(readonly inputs: I) {}

  toJSON(): string {
    return this.inputs.key;
  }
}

interface PatchedInputs<I extends Inputs, Context> extends Inputs {
  readonly isPatched: true;
  /** Absent where a patch adds the resource. */
  readonly base: Base<I> | undefined;
  readonly patches: readonly Patch[];
  readonly context: Context;
}

interface Made {
  readonly value: Uint8Array;
  readonly sources: readonly ResourceKey[];
}

/** A generator whose resources EnvoyFilters change. Where none does, inputs and bytes are those of `inner`. */
export function patched<I extends Inputs, Context extends object>(
  inner: Generator<I>,
  patching: Patching<Context>,
): Generator {
  type Patched = PatchedInputs<I, Context>;
  const run = ({ base, patches, context }: Patched): Made | 'removed' => {
    const made = base && inner.generate(base.inputs);
    const [message, adding] = start(made, patches, patching.target);
    const applied = patching.apply(message, patches, context);
    if (applied === 'removed') return 'removed';
    const changing = [...adding, ...applied];
    if (made && changing.length === 0) return made;
    const sources = distinctSources(
      made?.sources ?? [],
      changing.map(({ filter }) => filter.key),
    );
    return { value: encodeTarget(patching.target, message), sources };
  };
  return {
    type: inner.type,
    names: (view, proxy) => {
      const names = inner.names(view, proxy);
      const added = patching.added(view, proxy);
      return added.length === 0 ? names : [...new Set([...names, ...added])];
    },
    namesOf: (view, proxy, hosts) => {
      const of = inner.namesOf?.(view, proxy, hosts);
      return of && { ...of, names: [...of.names, ...patching.added(view, proxy)] };
    },
    ownNames: (view, proxy) => inner.ownNames?.(view, proxy) ?? [],
    select(view, proxy, name) {
      const inputs = inner.select(view, proxy, name);
      const { patches, context } = patching.pick(view, proxy, name);
      if (patches.length === 0) return inputs;
      if (!inputs && !patches.some((patch) => isAbout(patch, patching.target, 'ADD'))) return undefined;
      const base = inputs && new Base(inputs);
      const picked = { isPatched: true, base, patches, context } as const;
      const sealed = { ...seal(`Patched ${inner.type}`, picked as object), ...picked };
      // Whether there is such a resource is asked here, and only what it is in `generate`.
      const removes = patches.some((patch) => isAbout(patch, patching.target, 'REMOVE'));
      return removes && run(sealed) === 'removed' ? undefined : sealed;
    },
    generate(inputs) {
      if (!isPatched<I, Context>(inputs)) return inner.generate(inputs as I);
      const made = run(inputs);
      if (made === 'removed') throw new Error('a resource that is removed has no content');
      return made;
    },
  };
}

function isPatched<I extends Inputs, Context>(inputs: Inputs): inputs is PatchedInputs<I, Context> {
  return 'isPatched' in inputs;
}

function isAbout(patch: Patch, target: PatchTarget, operation: Patch['operation']): boolean {
  return patch.spec.applyTo === target && patch.operation === operation;
}

/** What was generated, else what the first patch adds. */
function start(
  made: Made | undefined,
  patches: readonly Patch[],
  target: PatchTarget,
): [message: Fields, adding: readonly Patch[]] {
  if (made) return [decodeTarget(target, made.value), []];
  const adding = patches.filter((patch) => isAbout(patch, target, 'ADD')).slice(0, 1);
  return [adding[0] ? valueOf(adding[0]) : {}, adding];
}
