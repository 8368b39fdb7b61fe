import type {
  AttributeManifest,
  Handler,
  Instance,
  QuotaSpec,
  QuotaSpecBinding,
  Rule,
} from '../kinds/policy.js';
import type { Scope } from '../problem.js';
import { checkStringMatch } from './text.js';

/** Long enough for any match that a person wrote. */
const MAX_EXPRESSION_LENGTH = 16_384;
const ATTRIBUTE_NAME = /^[a-zA-Z_$][\w$-]*(?:\.[a-zA-Z_$][\w$-]*)*$/;

/** @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/istio.policy.v1beta1/ */
export function checkRule(spec: Rule, scope: Scope): void {
  const { actions = [], requestHeaderOperations = [], responseHeaderOperations = [] } = spec;
  if ((spec.match?.length ?? 0) > MAX_EXPRESSION_LENGTH)
    scope.at('match').error('the expression is too long');
  if (actions.length + requestHeaderOperations.length + responseHeaderOperations.length === 0) {
    scope.warn('noEffect', 'the rule has neither an action nor a header operation');
  }
  actions.forEach((action, index) => {
    const at = scope.at('actions', index);
    if (!action.handler) at.error('action needs a handler');
    const instances = action.instances ?? [];
    if (new Set(instances).size < instances.length) at.at('instances').error('an instance is listed twice');
  });
  for (const [field, operations] of Object.entries({ requestHeaderOperations, responseHeaderOperations })) {
    operations.forEach((operation, index) => {
      const at = scope.at(field, index);
      if (!operation.name) at.error('header operation needs a name');
      if (operation.operation !== 'REMOVE' && !operation.values?.length)
        at.error('header operation needs values');
    });
  }
}

export function checkHandler(spec: Handler, scope: Scope): void {
  if (!spec.compiledAdapter) scope.at('compiledAdapter').error('handler needs a compiledAdapter');
  checkParams(spec.params, scope);
}

export function checkInstance(spec: Instance, scope: Scope): void {
  if (!spec.compiledTemplate) scope.at('compiledTemplate').error('instance needs a compiledTemplate');
  checkParams(spec.params, scope);
}

function checkParams(params: unknown, scope: Scope): void {
  if (params === undefined) return;
  if (typeof params !== 'object' || params === null || Array.isArray(params)) {
    scope.at('params').error('params has to be an object');
  }
}

export function checkAttributeManifest(spec: AttributeManifest, scope: Scope): void {
  for (const [name, attribute] of Object.entries(spec.attributes ?? {})) {
    const at = scope.at('attributes', name);
    if (!ATTRIBUTE_NAME.test(name)) at.error(`invalid attribute name ${JSON.stringify(name)}`);
    if (attribute.valueType === undefined) at.error('attribute needs a valueType');
  }
}

export function checkQuotaSpec(spec: QuotaSpec, scope: Scope): void {
  if (!spec.rules?.length) scope.at('rules').error('a quota spec must have at least one rule');
  spec.rules?.forEach((rule, index) => {
    const at = scope.at('rules', index);
    if (!rule.quotas?.length) at.error('a rule must have at least one quota');
    rule.match?.forEach((match, position) => {
      const clause = Object.entries(match.clause ?? {});
      if (clause.length === 0) at.at('match', position).error('a match needs a clause');
      for (const [name, value] of clause) checkStringMatch(value, at.at('match', position, 'clause', name));
    });
    rule.quotas?.forEach((quota, position) => {
      const place = at.at('quotas', position);
      if (!quota.quota) place.error('quota name must be set');
      if (quota.charge !== undefined && quota.charge <= 0)
        place.at('charge').error('charge must be greater than 0');
    });
  });
}

export function checkQuotaSpecBinding(spec: QuotaSpecBinding, scope: Scope): void {
  if (!spec.services?.length) scope.at('services').error('a binding must name at least one service');
  spec.services?.forEach((service, index) => {
    if (!service.name && !service.service) scope.at('services', index).error('service needs a name');
    if (service.service && (service.name || service.namespace || service.domain)) {
      scope.at('services', index).error('service excludes name, namespace and domain');
    }
  });
  if (!spec.quotaSpecs?.length) scope.at('quotaSpecs').error('a binding must name at least one quota spec');
  spec.quotaSpecs?.forEach((reference, index) => {
    if (!reference.name) scope.at('quotaSpecs', index).error('quota spec needs a name');
  });
}
