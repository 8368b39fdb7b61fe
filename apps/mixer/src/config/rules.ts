import type { HeaderOperationTemplate, Rule as RuleSpec } from '#config';
import type { CompiledExpression } from '#expressions';
import { ExpressionError } from '#expressions';
import type { ExpressionCompiler } from '../templates/index.js';
import type { ConfigEntries, ConfigEntry } from './entries.js';
import { entriesOfKind, fullName } from './entries.js';
import type { Findings } from './findings.js';
import { FINDING } from './findings.js';
import type { HandlerConfig } from './handlers.js';
import type { InstanceConfig } from './instances.js';
import { resolve } from './names.js';

/** A rule that can be carried out. */
export interface RuleConfig {
  readonly fqn: string;
  readonly namespace: string;
  /** Absent: it matches everything. */
  readonly match?: CompiledExpression;
  readonly actions: readonly ActionConfig[];
  readonly requestHeaders: readonly HeaderOperation[];
  readonly responseHeaders: readonly HeaderOperation[];
}

export interface ActionConfig {
  readonly handler: HandlerConfig;
  readonly instances: readonly InstanceConfig[];
}

export interface HeaderOperation {
  readonly name: string;
  readonly values: readonly CompiledExpression[];
  readonly operation: 'REPLACE' | 'REMOVE' | 'APPEND';
}

/** What rules are resolved against. */
export interface RuleContext {
  readonly handlers: ReadonlyMap<string, HandlerConfig>;
  readonly instances: ReadonlyMap<string, InstanceConfig>;
  readonly compiler: ExpressionCompiler;
  readonly findings: Findings;
}

/** All usable rules, in the order of their names. A rule keeps those of its actions that are valid. */
export function resolveRules(entries: ConfigEntries, context: RuleContext): readonly RuleConfig[] {
  return entriesOfKind<RuleSpec>(entries, 'rule').flatMap((entry) => {
    const rule = resolveRule(entry, context);
    return rule ? [rule] : [];
  });
}

function resolveRule(entry: ConfigEntry<RuleSpec>, context: RuleContext): RuleConfig | undefined {
  const { spec, namespace } = entry.resource;
  const match = compileMatch(entry, context);
  // A rule whose condition is not understood must not hold for everything: it goes.
  if (match === 'invalid') return undefined;
  const actions = (spec.actions ?? []).flatMap((_action, index) => resolveAction(entry, index, context));
  const requestHeaders = compileOperations(entry, 'requestHeaderOperations', context);
  const responseHeaders = compileOperations(entry, 'responseHeaderOperations', context);
  if (actions.length + requestHeaders.length + responseHeaders.length === 0) {
    context.findings.warning(
      FINDING.NO_EFFECT,
      entry,
      'spec',
      'the rule does nothing: no valid action is left of it',
    );
    return undefined;
  }
  const rule = { fqn: fullName(entry.resource), namespace, actions, requestHeaders, responseHeaders };
  return match ? { ...rule, match } : rule;
}

function compileMatch(
  entry: ConfigEntry<RuleSpec>,
  { compiler, findings }: RuleContext,
): CompiledExpression | 'invalid' | undefined {
  const text = entry.resource.spec.match?.trim() ?? '';
  if (text === '') return undefined;
  const match = compiler.expression(text);
  if (match instanceof ExpressionError) {
    findings.error(FINDING.EXPRESSION, entry, 'spec.match', `${match.message} (at ${match.position})`);
    return 'invalid';
  }
  if (match.type === 'BOOL') return match;
  findings.error(FINDING.EXPRESSION, entry, 'spec.match', `expected BOOL, found ${match.type}`);
  return 'invalid';
}

function resolveAction(entry: ConfigEntry<RuleSpec>, index: number, context: RuleContext): ActionConfig[] {
  const { spec, namespace } = entry.resource;
  const { handler: reference = '', instances: references = [] } = spec.actions?.[index] ?? {};
  const path = `spec.actions[${index}]`;
  const handler = resolve(reference, 'handler', namespace, context.handlers);
  if (!handler) {
    context.findings.error(
      FINDING.UNKNOWN_REFERENCE,
      entry,
      `${path}.handler`,
      `no usable handler ${reference}`,
    );
    return [];
  }
  const instances = new Set<InstanceConfig>();
  for (const [position, name] of references.entries()) {
    const at = `${path}.instances[${position}]`;
    const instance = resolveInstance(entry, at, name, handler, context);
    if (instance && instances.has(instance)) {
      context.findings.warning(FINDING.DUPLICATE_INSTANCE, entry, at, `${name} is named twice`);
    }
    if (instance) instances.add(instance);
  }
  return instances.size === 0 ? [] : [{ handler, instances: [...instances] }];
}

function resolveInstance(
  entry: ConfigEntry<RuleSpec>,
  path: string,
  reference: string,
  { adapter, params }: HandlerConfig,
  { instances, findings }: RuleContext,
): InstanceConfig | undefined {
  const instance = resolve(reference, 'instance', entry.resource.namespace, instances);
  if (!instance) {
    findings.error(FINDING.UNKNOWN_REFERENCE, entry, path, `no usable instance ${reference}`);
    return undefined;
  }
  const template = instance.template.name;
  if (!adapter.templates.has(template)) {
    findings.error(FINDING.UNSUPPORTED_TEMPLATE, entry, path, `${adapter.name} does not take a ${template}`);
    return undefined;
  }
  const problem = adapter.validateInstance?.(params, { fqn: instance.fqn, name: instance.name, template });
  if (problem === undefined) return instance;
  findings.error(FINDING.INVALID, entry, path, problem);
  return undefined;
}

function compileOperations(
  entry: ConfigEntry<RuleSpec>,
  field: 'requestHeaderOperations' | 'responseHeaderOperations',
  { compiler, findings }: RuleContext,
): HeaderOperation[] {
  return (entry.resource.spec[field] ?? []).flatMap((template: HeaderOperationTemplate, index) => {
    const texts = template.values ?? [];
    const values = texts.flatMap((text, position) => {
      const compiled = compiler.expression(text);
      if (!(compiled instanceof ExpressionError) && compiled.type === 'STRING') return [compiled];
      const message =
        compiled instanceof ExpressionError ? compiled.message : `expected STRING, found ${compiled.type}`;
      findings.error(FINDING.EXPRESSION, entry, `spec.${field}[${index}].values[${position}]`, message);
      return [];
    });
    if (values.length < texts.length) return [];
    return [{ name: template.name.toLowerCase(), values, operation: template.operation ?? 'REPLACE' }];
  });
}
