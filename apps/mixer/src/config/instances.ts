import type { Instance as InstanceSpec } from '#config';
import type { AttributeFinder, CompiledExpression } from '#expressions';
import { ExpressionError } from '#expressions';
import type { InstanceBuilder, Template } from '../templates/index.js';
import { ExpressionCompiler, FieldCompiler, isObject, KUBERNETES_OUTPUTS } from '../templates/index.js';
import type { ConfigEntries, ConfigEntry } from './entries.js';
import { entriesOfKind, fullName } from './entries.js';
import type { Findings } from './findings.js';
import { FINDING } from './findings.js';

/** An instance whose expressions compile. */
export interface InstanceConfig {
  readonly fqn: string;
  /** Without kind and namespace; what a QuotaSpec calls a quota by. */
  readonly name: string;
  readonly template: Template;
  readonly build: InstanceBuilder;
  /** Of an attribute generator: which attributes it sets, each by an expression over what the adapter gave back. */
  readonly bindings: readonly Binding[];
}

export interface Binding {
  readonly attribute: string;
  readonly expression: CompiledExpression;
}

/** What instances are compiled with. */
export interface InstanceContext {
  readonly templates: ReadonlyMap<string, Template>;
  readonly finder: AttributeFinder;
  readonly compiler: ExpressionCompiler;
  readonly findings: Findings;
}

/** All usable instances by full name, those of legacy kinds (`kind: metric`) included. */
export function resolveInstances(
  entries: ConfigEntries,
  context: InstanceContext,
): ReadonlyMap<string, InstanceConfig> {
  const { templates, findings } = context;
  const instances = new Map<string, InstanceConfig>();
  const add = (entry: ConfigEntry, template: Template, spec: InstanceSpec) => {
    const instance = compiled(entry, template, spec, context);
    if (instance) instances.set(instance.fqn, instance);
  };
  for (const entry of entriesOfKind<InstanceSpec>(entries, 'instance')) {
    const name = entry.resource.spec.compiledTemplate ?? '';
    const template = templates.get(name);
    if (template) add(entry, template, entry.resource.spec);
    else
      findings.error(
        FINDING.UNKNOWN_REFERENCE,
        entry,
        'spec.compiledTemplate',
        `no template is named "${name}"`,
      );
  }
  for (const template of templates.values()) {
    for (const entry of entriesOfKind(entries, template.name))
      add(entry, template, legacySpec(entry.resource.spec));
  }
  return instances;
}

/** A legacy kind holds the parameters themselves, bindings among them. */
function legacySpec(spec: unknown): InstanceSpec {
  if (!isObject(spec)) return { params: spec };
  const { attributeBindings, attribute_bindings: snake, ...params } = spec;
  return { params, attributeBindings: (attributeBindings ?? snake ?? {}) as Record<string, string> };
}

function compiled(
  entry: ConfigEntry,
  template: Template,
  spec: InstanceSpec,
  context: InstanceContext,
): InstanceConfig | undefined {
  const params = isObject(spec.params) ? spec.params : {};
  const fields = new FieldCompiler(context.compiler, params, 'spec.params', template.fields);
  const fqn = fullName(entry.resource);
  const build = template.compile(fqn, fields);
  for (const { path, message } of fields.problems)
    context.findings.error(FINDING.EXPRESSION, entry, path, message);
  const bindings = compileBindings(entry, spec.attributeBindings ?? {}, context);
  if (fields.problems.length > 0 || !bindings) return undefined;
  return { fqn, name: entry.resource.name, template, build, bindings };
}

/** How `$out.NAME` is written for the expression parser, to which `$` means nothing. */
const OUTPUT_PREFIX = '__out.';

/** Undefined where one of them is wrong. */
function compileBindings(
  entry: ConfigEntry,
  bindings: Readonly<Record<string, string>>,
  { finder, findings }: InstanceContext,
): readonly Binding[] | undefined {
  const compiler = new ExpressionCompiler({ typeOf: (name) => outputType(name) ?? finder.typeOf(name) });
  const compiled: Binding[] = [];
  for (const [attribute, text] of Object.entries(bindings)) {
    const path = `spec.attributeBindings.${attribute}`;
    const expression = compiler.expression(String(text).replaceAll('$out.', OUTPUT_PREFIX));
    const type = finder.typeOf(attribute);
    if (expression instanceof ExpressionError)
      findings.error(FINDING.EXPRESSION, entry, path, expression.message);
    else if (type === undefined)
      findings.error(FINDING.EXPRESSION, entry, path, `unknown attribute ${attribute}`);
    else if (type !== expression.type) {
      findings.error(FINDING.EXPRESSION, entry, path, `expected ${type}, found ${expression.type}`);
    } else compiled.push({ attribute, expression });
  }
  return compiled.length === Object.keys(bindings).length ? compiled : undefined;
}

function outputType(name: string): ReturnType<AttributeFinder['typeOf']> {
  return name.startsWith(OUTPUT_PREFIX)
    ? KUBERNETES_OUTPUTS.get(name.slice(OUTPUT_PREFIX.length))
    : undefined;
}

/** An adapter's output as bindings read it. */
export function outputName(field: string): string {
  return OUTPUT_PREFIX + field;
}
