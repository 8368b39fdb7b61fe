import type { CompiledExpression } from '#expressions';
import { DEFAULT_NAMESPACE } from '../config/entries.js';
import type { InstanceConfig } from '../config/instances.js';
import type { HeaderOperation, RuleConfig } from '../config/rules.js';
import type { Variety } from '../templates/index.js';
import type { HandlerTable, RunningHandler } from './handler-table.js';

/** Instances that are made under one condition. */
export interface InstanceGroup {
  readonly match?: CompiledExpression;
  readonly rule: string;
  readonly instances: readonly InstanceConfig[];
}

/** A handler, the instances of one template that go to it, and when. */
export interface Destination {
  readonly handler: RunningHandler;
  readonly template: string;
  readonly groups: readonly InstanceGroup[];
}

/** Header changes of a rule. */
export interface Directive {
  readonly match?: CompiledExpression;
  readonly requestHeaders: readonly HeaderOperation[];
  readonly responseHeaders: readonly HeaderOperation[];
}

type ByNamespace<T> = ReadonlyMap<string, readonly T[]>;

/** Where requests of each variety and namespace go. Immutable; every order in it is that of the rules' names. */
export class RoutingTable {
  private constructor(
    private readonly byVariety: ReadonlyMap<Variety, ByNamespace<Destination>>,
    private readonly directivesByNamespace: ByNamespace<Directive>,
    private readonly checked: ReadonlySet<string>,
  ) {}

  static readonly empty = new RoutingTable(new Map(), new Map(), new Set());

  static of(rules: readonly RuleConfig[], handlers: HandlerTable): RoutingTable {
    const varieties = new Map<Variety, Map<string, Destination[]>>();
    for (const rule of rules) addRule(varieties, rule, handlers);
    const directives = new Map<string, Directive[]>();
    for (const rule of rules) addDirective(directives, rule);
    const checked = new Set([...(varieties.get('CHECK')?.keys() ?? []), ...directives.keys()]);
    return new RoutingTable(withDefaults(varieties), directives, checked);
  }

  /** The destinations of a request: those of the default namespace, then those of its own. */
  destinations(variety: Variety, namespace: string): readonly Destination[] {
    const byNamespace = this.byVariety.get(variety);
    return byNamespace?.get(namespace) ?? byNamespace?.get(DEFAULT_NAMESPACE) ?? [];
  }

  /**
   * The header changes of a request. As in the original they are not added up over namespaces: a namespace with check
   * rules of its own has its own changes, all others those of the default namespace.
   */
  directives(namespace: string): readonly Directive[] {
    const from = this.checked.has(namespace) ? namespace : DEFAULT_NAMESPACE;
    return this.directivesByNamespace.get(from) ?? [];
  }
}

function addRule(
  varieties: Map<Variety, Map<string, Destination[]>>,
  rule: RuleConfig,
  handlers: HandlerTable,
): void {
  for (const action of rule.actions) {
    const handler = handlers.running.get(action.handler.fqn);
    if (!handler) continue;
    for (const [template, instances] of byTemplate(action.instances)) {
      const variety = instances[0]?.template.variety ?? 'REPORT';
      const byNamespace = varieties.get(variety) ?? new Map<string, Destination[]>();
      varieties.set(variety, byNamespace);
      const group = { rule: rule.fqn, instances, ...(rule.match ? { match: rule.match } : {}) };
      addGroup(byNamespace, rule.namespace, { handler, template, groups: [group] });
    }
  }
}

function byTemplate(instances: readonly InstanceConfig[]): Map<string, InstanceConfig[]> {
  const groups = new Map<string, InstanceConfig[]>();
  for (const instance of instances) {
    const { name } = instance.template;
    groups.set(name, [...(groups.get(name) ?? []), instance]);
  }
  return groups;
}

/** Rules that send the same template to the same handler share a destination: one call for all of a report. */
function addGroup(byNamespace: Map<string, Destination[]>, namespace: string, added: Destination): void {
  const list = byNamespace.get(namespace) ?? [];
  const index = list.findIndex(
    ({ handler, template }) => handler === added.handler && template === added.template,
  );
  const before = list[index];
  if (before) list[index] = { ...before, groups: [...before.groups, ...added.groups] };
  else list.push(added);
  byNamespace.set(namespace, list);
}

function addDirective(directives: Map<string, Directive[]>, rule: RuleConfig): void {
  const { match, requestHeaders, responseHeaders } = rule;
  if (requestHeaders.length + responseHeaders.length === 0) return;
  const directive = { requestHeaders, responseHeaders, ...(match ? { match } : {}) };
  directives.set(rule.namespace, [...(directives.get(rule.namespace) ?? []), directive]);
}

function withDefaults(
  varieties: ReadonlyMap<Variety, ReadonlyMap<string, readonly Destination[]>>,
): ReadonlyMap<Variety, ByNamespace<Destination>> {
  const complete = new Map<Variety, ByNamespace<Destination>>();
  for (const [variety, byNamespace] of varieties) {
    const defaults = byNamespace.get(DEFAULT_NAMESPACE) ?? [];
    const merged = [...byNamespace].map(([namespace, own]): [string, readonly Destination[]] => [
      namespace,
      namespace === DEFAULT_NAMESPACE ? own : [...defaults, ...own],
    ]);
    complete.set(variety, new Map(merged));
  }
  return complete;
}
