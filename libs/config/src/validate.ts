import { CODES } from './codes.js';
import type { Kind } from './kinds/registry.js';
import { Scope } from './problem.js';
import type { Path, Problem } from './problem.js';
import { checkDestinationRule } from './rules/destination-rule.js';
import { checkEnvoyFilter } from './rules/envoy-filter.js';
import { checkGateway } from './rules/gateway.js';
import { checkMeshConfig } from './rules/mesh.js';
import * as policyRules from './rules/policy.js';
import { checkMeshProxyConfig, checkProxyConfig } from './rules/proxy-config.js';
import { checkPeerAuthentication } from './rules/security.js';
import { checkServiceEntry, checkWorkloadEntry, checkWorkloadGroup } from './rules/service-entry.js';
import { checkSidecar } from './rules/sidecar.js';
import { checkTelemetry } from './rules/telemetry.js';
import { checkVirtualService } from './rules/virtual-service.js';
import type { Schema } from './schema/builder.js';
import { destinationRule } from './schema/destination-rule.js';
import { envoyFilter } from './schema/envoy-filter.js';
import { gateway } from './schema/gateway.js';
import { meshConfig } from './schema/mesh.js';
import { normalise } from './schema/normalise.js';
import * as policySchemas from './schema/policy.js';
import { meshProxyConfig, proxyConfig } from './schema/proxy-config.js';
import { peerAuthentication } from './schema/security.js';
import { serviceEntry, workloadEntry, workloadGroup } from './schema/service-entry.js';
import { sidecar } from './schema/sidecar.js';
import { telemetry } from './schema/telemetry.js';
import { validateSchema } from './schema/validator.js';
import { virtualService } from './schema/virtual-service.js';
import { MAX_PROBLEMS } from './yaml/limits.js';

interface KindChecks {
  readonly schema: Schema;
  /** Istio's rules that a schema cannot say. Called only with values that fit the schema. */
  readonly rules: (spec: unknown, scope: Scope) => void;
}

function checks<Spec>(schema: Schema, rules: (spec: Spec, scope: Scope) => void): KindChecks {
  return { schema, rules: (spec, scope) => rules(spec as Spec, scope) };
}

const CHECKS: ReadonlyMap<string, KindChecks> = new Map([
  ['VirtualService', checks(virtualService, checkVirtualService)],
  ['DestinationRule', checks(destinationRule, checkDestinationRule)],
  ['Gateway', checks(gateway, checkGateway)],
  ['ServiceEntry', checks(serviceEntry, checkServiceEntry)],
  ['WorkloadEntry', checks(workloadEntry, checkWorkloadEntry)],
  ['WorkloadGroup', checks(workloadGroup, checkWorkloadGroup)],
  ['Sidecar', checks(sidecar, checkSidecar)],
  ['EnvoyFilter', checks(envoyFilter, checkEnvoyFilter)],
  ['PeerAuthentication', checks(peerAuthentication, checkPeerAuthentication)],
  ['ProxyConfig', checks(proxyConfig, checkProxyConfig)],
  ['Telemetry', checks(telemetry, checkTelemetry)],
  ['MeshProxyConfig', checks(meshProxyConfig, checkMeshProxyConfig)],
  ['MeshConfig', checks(meshConfig, checkMeshConfig)],
  ['rule', checks(policySchemas.rule, policyRules.checkRule)],
  ['handler', checks(policySchemas.handler, policyRules.checkHandler)],
  ['instance', checks(policySchemas.instance, policyRules.checkInstance)],
  ['attributemanifest', checks(policySchemas.attributeManifest, policyRules.checkAttributeManifest)],
  ['QuotaSpec', checks(policySchemas.quotaSpec, policyRules.checkQuotaSpec)],
  ['QuotaSpecBinding', checks(policySchemas.quotaSpecBinding, policyRules.checkQuotaSpecBinding)],
]);

/** A spec in its storage form, and everything that is wrong with it. Never throws. */
export interface SpecReading {
  readonly spec: unknown;
  /** False where the resource has to be refused. */
  readonly valid: boolean;
  readonly problems: readonly Problem[];
}

/**
 * Brings a spec of this kind into its storage form and checks it, by the schema first and, where that holds, by
 * Istio's rules for the kind. `root` is where the spec stands in its document.
 */
export function readSpec(kind: Kind, value: unknown, root: Path): SpecReading {
  const kindChecks = checksOf(kind);
  const problems: Problem[] = [];
  const spec = normalise(kindChecks.schema, value ?? {}, root, problems);
  const schemaProblems = validateSchema(kindChecks.schema, spec, root);
  problems.push(...schemaProblems);
  if (schemaProblems.length === 0) kindChecks.rules(spec, new Scope(problems, root));
  const valid = problems.every(({ code }) => CODES[code].level !== 'Error');
  return { spec, valid, problems: problems.slice(0, MAX_PROBLEMS) };
}

/** What a kind's spec may hold. */
export function schemaOf(kind: Kind): Schema {
  return checksOf(kind).schema;
}

function checksOf({ kind }: Kind): KindChecks {
  const found = CHECKS.get(kind);
  if (!found) throw new Error(`kind ${kind} has no checks`);
  return found;
}
