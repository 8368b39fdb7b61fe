import type { AttributeBag, Value } from '#expressions';
import { Failure } from '#expressions';
import { overlay } from '../attributes/bag.js';
import { outputName } from '../config/instances.js';
import type { Binding, InstanceConfig } from '../config/instances.js';
import type { Runtime } from '../routing/runtime.js';
import type { Destination } from '../routing/table.js';
import { call, DispatchError, instanceError, matchingInstances, requestNamespace } from './dispatcher.js';
import type { DispatchObserver } from './dispatcher.js';

/** Runs the attribute generators: the request's bag with what they add; an error where one of them fails. */
export function preprocess(
  bag: AttributeBag,
  runtime: Runtime,
  observer: DispatchObserver,
): AttributeBag | DispatchError {
  const destinations = runtime.table.destinations('ATTRIBUTE_GENERATOR', requestNamespace(bag));
  if (destinations.length === 0) return bag;
  const generated = new Map<string, Value>();
  for (const destination of destinations) {
    for (const config of matchingInstances(destination, bag)) {
      const error = generate(destination, config, bag, generated, observer);
      if (error) return error;
    }
  }
  return overlay(bag, generated);
}

function generate(
  { handler }: Destination,
  config: InstanceConfig,
  bag: AttributeBag,
  generated: Map<string, Value>,
  observer: DispatchObserver,
): DispatchError | undefined {
  const instance = config.build(bag, new Map());
  if (instance instanceof Failure) return instanceError(config, instance);
  if (instance.template !== 'kubernetes') return new DispatchError(`${config.fqn} generates no attributes`);
  const outputs = call('ATTRIBUTE_GENERATOR', handler, observer, () => handler.handler.generate?.(instance));
  if (outputs instanceof DispatchError) return outputs;
  return bind(config, outputs ?? new Map(), bag, generated);
}

function bind(
  config: InstanceConfig,
  outputs: ReadonlyMap<string, Value>,
  bag: AttributeBag,
  generated: Map<string, Value>,
): DispatchError | undefined {
  const named = new Map([...outputs].map(([field, value]) => [outputName(field), value]));
  const readable = overlay(bag, named);
  for (const { attribute, expression } of config.bindings as readonly Binding[]) {
    const value = expression.evaluate(readable);
    if (value instanceof Failure) return instanceError(config, value);
    generated.set(attribute, value);
  }
  return undefined;
}
