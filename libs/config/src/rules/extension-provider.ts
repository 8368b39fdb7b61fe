import type { ExtensionProvider, ProviderHeader, ProviderService } from '../kinds/extension-provider.js';
import type { Scope } from '../problem.js';
import { checkFormat, checkFormatLabels } from './format.js';
import { checkDuration, checkHeaderName, checkPort, checkRange, isDnsLabel, isHostName } from './text.js';

const FORMS = [
  ...[
    'envoyExtAuthzHttp',
    'envoyExtAuthzGrpc',
    'zipkin',
    'lightstep',
    'datadog',
    'stackdriver',
    'opencensus',
  ],
  ...['skywalking', 'opentelemetry', 'prometheus', 'envoyFileAccessLog', 'envoyHttpAls', 'envoyTcpAls'],
  ...['envoyOtelAls', 'sds'],
];

const AT_A_SERVICE = [
  ...(['zipkin', 'lightstep', 'datadog', 'skywalking', 'opentelemetry'] as const),
  ...(['envoyHttpAls', 'envoyTcpAls', 'envoyOtelAls'] as const),
];

/** @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ExtensionProvider */
export function checkExtensionProvider(provider: ExtensionProvider, scope: Scope): void {
  if (!provider.name) scope.at('name').error('a provider needs a name');
  const forms = Object.keys(provider).filter((field) => FORMS.includes(field));
  if (forms.length !== 1) scope.error(`takes exactly one of ${FORMS.join(', ')}`);
  for (const form of AT_A_SERVICE) if (provider[form]) checkService(provider[form], scope.at(form));
  checkLogs(provider, scope);
  const { zipkin, opentelemetry } = provider;
  if (zipkin) checkHttp(zipkin, scope.at('zipkin'));
  if (opentelemetry) checkOpenTelemetry(opentelemetry, scope.at('opentelemetry'));
}

/** `host` or `namespace/host`. */
function checkService({ service, port }: ProviderService, scope: Scope): void {
  const [host = '', namespace, ...rest] = (service ?? '').split('/').reverse();
  if (rest.length > 0 || !isHostName(host) || (namespace !== undefined && !isDnsLabel(namespace)))
    scope.at('service').error(`has to be [namespace/]host, not ${JSON.stringify(service ?? '')}`);
  if (port === undefined) scope.at('port').error('needs a port');
  else checkPort(port, scope.at('port'));
}

function checkLogs({ envoyFileAccessLog: file, envoyOtelAls: otel }: ExtensionProvider, scope: Scope): void {
  if (file && !file.path) scope.at('envoyFileAccessLog', 'path').error('needs a path');
  for (const [form, provider] of [
    ['envoyFileAccessLog', file],
    ['envoyOtelAls', otel],
  ] as const) {
    const { text, labels } = provider?.logFormat ?? {};
    const at = scope.at(form, 'logFormat');
    if (text !== undefined && labels && form === 'envoyFileAccessLog')
      at.error('takes only one of text and labels');
    checkFormat(text ?? '', at.at('text'));
    checkFormatLabels(labels, at.at('labels'));
  }
}

function checkOpenTelemetry(provider: NonNullable<ExtensionProvider['opentelemetry']>, scope: Scope): void {
  const { http, grpc, dynatraceSampler } = provider;
  if (http && grpc) scope.error('takes only one of http and grpc');
  if (http) checkHttp(http, scope.at('http'));
  checkDuration(grpc?.timeout, scope.at('grpc', 'timeout'));
  checkHeaders(grpc?.initialMetadata, scope.at('grpc', 'initialMetadata'));
  if (!dynatraceSampler) return;
  const at = scope.at('dynatraceSampler');
  if (!dynatraceSampler.tenant) at.at('tenant').error('must not be empty');
  if (dynatraceSampler.httpService) checkService(dynatraceSampler.httpService, at.at('httpService'));
  checkRange(dynatraceSampler.rootSpansPerMinute, 0, 4294967295, at.at('rootSpansPerMinute'));
}

interface Http {
  readonly path?: string | undefined;
  readonly timeout?: string | undefined;
  readonly headers?: readonly ProviderHeader[] | undefined;
}

function checkHttp({ path, timeout, headers }: Http, scope: Scope): void {
  if (path !== undefined && !path.startsWith('/')) scope.at('path').error('a path begins with /');
  checkDuration(timeout, scope.at('timeout'));
  checkHeaders(headers, scope.at('headers'));
}

function checkHeaders(headers: readonly ProviderHeader[] | undefined, scope: Scope): void {
  headers?.forEach(({ name, value, envName }, index) => {
    checkHeaderName(name ?? '', scope.at(index, 'name'));
    if ((value === undefined) === (envName === undefined))
      scope.at(index).error('takes exactly one of value and envName');
    if (/[\r\n\0]/.test(value ?? '')) scope.at(index, 'value').error('a header value holds no line breaks');
  });
}
