import type { Generator, Inputs, TypeUrl, XdsResource } from '../model/contract.js';
import { ByteArena } from '#common/collections';
import { contentVersion } from './content-version.js';

/** One encoded resource and how many entries use it. */
export interface Generated {
  readonly id: string;
  readonly resource: XdsResource;
  uses: number;
}

/** Unused resources kept for a change that is taken back, or a proxy that comes back; oldest out first. */
const IDLE_LIMIT = 1_000;

/** Every distinct input is generated and encoded once, whoever asks for it. */
export class GeneratedResources {
  private readonly byInputs = new Map<string, Generated>();
  private readonly idle = new Map<string, Generated>();
  private readonly arena = new ByteArena();
  /** How many times a generator ran, and how many times its output was there already. */
  readonly stats = { generated: 0, shared: 0 };

  constructor(private readonly check: RuleCheck) {}

  get size(): number {
    return this.byInputs.size;
  }

  /** The resource of these inputs, counted as used until `release`. */
  acquire(type: TypeUrl, name: string, inputs: Inputs, generator: Generator): Generated {
    const id = contentVersion(`${type}\0${name}\0${inputs.key}`);
    let generated = this.byInputs.get(id);
    if (generated) this.stats.shared++;
    else this.byInputs.set(id, (generated = this.generate(id, name, inputs, generator)));
    this.idle.delete(id);
    generated.uses++;
    return generated;
  }

  release(generated: Generated): void {
    if (--generated.uses > 0) return;
    this.idle.set(generated.id, generated);
    if (this.idle.size <= IDLE_LIMIT) return;
    const [oldest] = this.idle.keys();
    this.idle.delete(oldest!);
    this.byInputs.delete(oldest!);
  }

  private generate(id: string, name: string, inputs: Inputs, generator: Generator): Generated {
    const made = makeResource(name, inputs, generator, this.check);
    this.stats.generated++;
    return { id, resource: { ...made, value: this.arena.keep(made.value) }, uses: 0 };
  }
}

/** What is wrong with an encoded message of a type by the rules of Envoy's API, in words; undefined where nothing is. */
export type RuleCheck = (typeUrl: TypeUrl, value: Uint8Array) => string | undefined;

/** A resource that every Envoy would refuse: it is not sent to any. */
export class InvalidResource extends Error {
  override readonly name = 'InvalidResource';

  constructor(
    readonly resource: XdsResource,
    message: string,
  ) {
    super(message);
  }
}

/** Throws an InvalidResource where it breaks a rule. */
export function makeResource(
  name: string,
  inputs: Inputs,
  generator: Generator,
  check: RuleCheck,
): XdsResource {
  const { value, sources } = generator.generate(inputs);
  const resource = { name, version: contentVersion(value), value, sources };
  const broken = check(generator.type, value);
  if (broken !== undefined) throw new InvalidResource(resource, broken);
  return resource;
}
