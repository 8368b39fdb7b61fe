import type { ProviderRef, Telemetry, TelemetryAccessLogging, TelemetryTracing } from '../kinds/telemetry.js';
import type { Scope } from '../problem.js';
import { checkCel } from './cel.js';
import { checkLabels, checkRange } from './text.js';
import { checkTags } from './tracing-tags.js';

const NO_METRICS =
  "metrics has no effect: upstream Envoy has no istio.stats filter; Mixer makes Istio's metrics of what proxies report";
const NO_TARGETS =
  'targetRefs has no effect, and so has all of this resource: it stands for waypoints and Kubernetes gateways, which are not there';

/** @see https://istio.io/latest/docs/reference/config/telemetry/ */
export function checkTelemetry(spec: Telemetry, scope: Scope): void {
  const { selector, targetRef, targetRefs, metrics } = spec;
  checkLabels(selector?.matchLabels, scope.at('selector', 'matchLabels'));
  if (targetRef || targetRefs?.length) {
    if (selector) scope.error('takes only one of selector and targetRefs');
    scope.at(targetRef ? 'targetRef' : 'targetRefs').warn('noEffect', NO_TARGETS);
  }
  spec.tracing?.forEach((tracing, index) => checkTracing(tracing, scope.at('tracing', index)));
  spec.accessLogging?.forEach((logging, index) => checkLogging(logging, scope.at('accessLogging', index)));
  if (metrics?.length) scope.at('metrics').warn('noEffect', NO_METRICS);
}

function checkTracing(tracing: TelemetryTracing, scope: Scope): void {
  checkRange(tracing.randomSamplingPercentage, 0, 100, scope.at('randomSamplingPercentage'));
  checkTags(tracing.customTags, scope.at('customTags'));
  checkProviders(tracing.providers, scope.at('providers'));
  if ((tracing.providers?.length ?? 0) > 1)
    scope.at('providers').warn('noEffect', 'only the first provider counts: Envoy has one tracer');
}

function checkLogging({ providers, filter }: TelemetryAccessLogging, scope: Scope): void {
  checkProviders(providers, scope.at('providers'));
  if (filter?.expression) checkCel(filter.expression, scope.at('filter', 'expression'));
}

function checkProviders(providers: readonly ProviderRef[] = [], scope: Scope): void {
  providers.forEach(({ name }, index) => {
    if (!name) scope.at(index, 'name').error('a provider needs a name');
  });
}
