import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RegisteredService, RegistryChange } from '../../model/registry.js';
import type { Endpoint } from '../../model/service.js';
import type { Workload } from '../../model/workload.js';
import type { Registry } from '../registry.js';

/** What becomes of one of the platform's objects; `undefined` for one that goes. */
export interface Step<T> {
  readonly name: string;
  readonly object: T | undefined;
}

/** An adapter, and a way to make its platform do things. */
export interface Subject<Edit, T> {
  readonly empty: () => Registry<Edit>;
  /** Small names and values, so that objects meet. */
  readonly step: fc.Arbitrary<Step<T>>;
  readonly edit: (name: string, before: T | undefined, after: T | undefined) => Edit;
}

/** What every adapter promises (see registry.ts). */
export function describeRegistry<Edit, T>(name: string, subject: Subject<Edit, T>): void {
  const steps = fc.array(subject.step, { minLength: 1, maxLength: 30 });
  const property = (check: (steps: readonly Step<T>[]) => void): void =>
    fc.assert(fc.property(steps, check), { numRuns: 300 });

  describe(`${name} as a registry`, () => {
    it('comes to the same in whatever order and grouping it hears of things', () => {
      property((all) => {
        const onebyone = new Listener(subject);
        for (const step of all) onebyone.hear([step]);
        const atOnce = new Listener(subject);
        atOnce.hear(all);
        const last = [...onebyone.objects].map(([key, object]) => ({ name: key, object }));
        const backwards = new Listener(subject);
        for (const step of last.reverse()) backwards.hear([step]);
        expect(atOnce.known()).toEqual(onebyone.known());
        expect(backwards.known()).toEqual(onebyone.known());
      });
    });

    it('names what changed and nothing else', () => {
      property((all) => {
        const listener = new Listener(subject);
        for (const step of all) {
          const before = { services: new Map(listener.services), workloads: new Map(listener.workloads) };
          const { services, workloads } = listener.hear([step]);
          for (const [id, after] of services) expect(print(after)).not.toBe(print(before.services.get(id)));
          for (const [key, after] of workloads) expect(after).not.toEqual(before.workloads.get(key));
        }
      });
    });

    it('keeps endpoints that did not change as the objects they were', () => {
      property((all) => {
        const listener = new Listener(subject);
        for (const step of all) {
          const before = new Map(listener.services);
          for (const [id, after] of listener.hear([step]).services) {
            const old = new Map(endpointsOf(before.get(id)).map((each) => [JSON.stringify(each), each]));
            for (const each of endpointsOf(after)) {
              const known = old.get(JSON.stringify(each));
              if (known) expect(each).toBe(known);
            }
          }
        }
      });
    });

    it('is empty when everything is gone, leaves older values alone, and signs what it says', () => {
      property((all) => {
        const listener = new Listener(subject);
        for (const step of all) listener.hear([step]);
        const { registry } = listener;
        const known = listener.known();
        const gone = [...listener.objects.keys()].map((key) => ({ name: key, object: undefined }));
        listener.hear(gone);
        expect(listener.known()).toEqual({ services: {}, workloads: {} });
        listener.resume(registry);
        listener.hear(all);
        expect(listener.known()).toEqual(known);
        for (const service of listener.services.values())
          for (const { registry: id } of endpointsOf(service)) expect(id).toBe(registry.id.id);
        for (const workload of listener.workloads.values()) expect(workload.registry).toBe(registry.id.id);
      });
    });
  });
}

/** What somebody who hears all changes of a registry knows. */
class Listener<Edit, T> {
  registry: Registry<Edit>;
  objects = new Map<string, T>();
  services = new Map<string, RegisteredService>();
  workloads = new Map<string, Workload>();
  private readonly marks = new Map<
    Registry<Edit>,
    Pick<Listener<Edit, T>, 'objects' | 'services' | 'workloads'>
  >();

  constructor(private readonly subject: Subject<Edit, T>) {
    this.registry = subject.empty();
  }

  hear(steps: readonly Step<T>[]): RegistryChange {
    const edits = steps.flatMap(({ name, object }) => {
      const before = this.objects.get(name);
      if (object === undefined) this.objects.delete(name);
      else this.objects.set(name, object);
      return JSON.stringify(before) === JSON.stringify(object)
        ? []
        : [this.subject.edit(name, before, object)];
    });
    const { registry, change } = this.registry.apply(edits);
    this.registry = registry;
    update(this.services, change.services);
    update(this.workloads, change.workloads);
    this.mark();
    return change;
  }

  /** Goes on from a registry that this listener has known. */
  resume(registry: Registry<Edit>): void {
    const { objects, services, workloads } = this.marks.get(registry)!;
    Object.assign(this, {
      registry,
      objects: new Map(objects),
      services: new Map(services),
      workloads: new Map(workloads),
    });
  }

  known(): object {
    const printed = [...this.services].map(([id, service]) => [id, print(service)] as const);
    return {
      services: Object.fromEntries(printed.sort()),
      workloads: Object.fromEntries([...this.workloads].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  private mark(): void {
    const { objects, services, workloads } = this;
    this.marks.set(this.registry, {
      objects: new Map(objects),
      services: new Map(services),
      workloads: new Map(workloads),
    });
  }
}

function update<V>(known: Map<string, V>, changed: ReadonlyMap<string, V | undefined>): void {
  for (const [key, value] of changed) {
    if (value === undefined) known.delete(key);
    else known.set(key, value);
  }
}

function endpointsOf(service: RegisteredService | undefined): Endpoint[] {
  return service ? [...service.endpoints, ...service.idle] : [];
}

/** A Service prints as its digest. */
function print(service: RegisteredService | undefined): string {
  return JSON.stringify(service) ?? '';
}
