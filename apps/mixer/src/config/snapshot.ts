import type { AttributeManifest, Diagnostic } from '#config';
import type { Adapter } from '../adapters/adapter.js';
import { ManifestFinder } from '../attributes/finder.js';
import { WorkloadDirectory } from '../attributes/workload-directory.js';
import { ExpressionCompiler } from '../templates/index.js';
import type { Template } from '../templates/index.js';
import { entriesOfKind } from './entries.js';
import type { ConfigEntries } from './entries.js';
import { Findings } from './findings.js';
import { resolveHandlers } from './handlers.js';
import type { HandlerConfig } from './handlers.js';
import { resolveInstances } from './instances.js';
import type { InstanceConfig } from './instances.js';
import { QuotaSpecs } from './quota-specs.js';
import { resolveRules } from './rules.js';
import type { RuleConfig } from './rules.js';

/** The config as far as it is valid: names resolved, expressions compiled. Immutable, swapped whole. */
export interface ConfigSnapshot {
  readonly attributes: ManifestFinder;
  readonly handlers: ReadonlyMap<string, HandlerConfig>;
  readonly instances: ReadonlyMap<string, InstanceConfig>;
  readonly rules: readonly RuleConfig[];
  readonly quotaSpecs: QuotaSpecs;
  readonly workloads: WorkloadDirectory;
  readonly diagnostics: readonly Diagnostic[];
}

/** What config can name. */
export interface Inventory {
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly templates: ReadonlyMap<string, Template>;
}

/** Config as the log has it. `touched` says what has changed since the previous snapshot. */
export interface SnapshotInput {
  readonly policy: ConfigEntries;
  readonly workloads: ConfigEntries;
  readonly touched: { readonly policy: boolean; readonly workloads: boolean };
}

/** Resolves what has changed. A mistake costs what it is made in; it is never fatal. */
export function buildSnapshot(
  { policy, workloads, touched }: SnapshotInput,
  previous: ConfigSnapshot | undefined,
  inventory: Inventory,
): ConfigSnapshot {
  const directory =
    previous && !touched.workloads
      ? previous.workloads
      : new WorkloadDirectory([...workloads.values()].map(({ resource }) => resource));
  if (previous && !touched.policy) return { ...previous, workloads: directory };
  return { ...buildPolicy(policy, inventory), workloads: directory };
}

function buildPolicy(
  entries: ConfigEntries,
  { adapters, templates }: Inventory,
): Omit<ConfigSnapshot, 'workloads'> {
  const findings = new Findings();
  const manifests = entriesOfKind<AttributeManifest>(entries, 'attributemanifest');
  const finder = ManifestFinder.of(manifests.map(({ resource }) => resource.spec));
  const compiler = new ExpressionCompiler(finder);
  const handlers = resolveHandlers(entries, adapters, findings);
  const instances = resolveInstances(entries, { templates, finder, compiler, findings });
  const rules = resolveRules(entries, { handlers, instances, compiler, findings });
  const quotaSpecs = QuotaSpecs.of(entries, findings);
  return { attributes: finder, handlers, instances, rules, quotaSpecs, diagnostics: findings.diagnostics };
}
