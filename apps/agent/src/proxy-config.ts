import { isIP } from 'node:net';
import { parseAddress, parseDuration, type Address } from '#common/flags';
import type { Json, JsonObject } from './bootstrap/json.js';

/**
 * A proxy's own ProxyConfig, as Istio's agent gets it in the variable PROXY_CONFIG. What concerns traffic is Pilot's to
 * read and goes to it as it is; what concerns the bootstrap is read here.
 *
 * @see https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#ProxyConfig
 */
export interface OwnProxyConfig {
  /** As it was given: what Pilot sees as the node's PROXY_CONFIG. */
  readonly stated: JsonObject;
  /** Statistics to keep besides the usual ones. */
  readonly stats: { readonly prefixes: string[]; readonly suffixes: string[]; readonly regexps: string[] };
  readonly runtimeValues: Readonly<Record<string, string>>;
  readonly meshId: string | undefined;
  readonly tracingServiceName: string | undefined;
  /** Where statistics are sent to, by UDP in the form of statsd and by gRPC. */
  readonly statsd: Address | undefined;
  readonly metricsService: Address | undefined;
  /** How many connections clients may have open at once. */
  readonly connectionLimit: number | undefined;
  /** What the node says of itself besides: `proxyMetadata`, as far as it begins with ISTIO_META_. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Envoy's own arguments that it stands for. */
  readonly envoyArguments: readonly string[];
}

/** @throws Error for a text that is no ProxyConfig, by the first thing that is wrong with it. */
export function parseProxyConfig(text: string): OwnProxyConfig {
  const stated = JSON.parse(text) as Json;
  if (!isObject(stated)) throw new Error('has to be a JSON object');
  const matcher = stated.proxyStatsMatcher ?? {};
  if (!isObject(matcher)) throw new Error('proxyStatsMatcher has to be an object');
  return {
    stated,
    stats: {
      prefixes: texts(matcher, 'inclusionPrefixes'),
      suffixes: texts(matcher, 'inclusionSuffixes'),
      regexps: texts(matcher, 'inclusionRegexps'),
    },
    runtimeValues: runtimeValues(stated),
    meshId: textOf(stated, 'meshId'),
    tracingServiceName: textOf(stated, 'tracingServiceName'),
    statsd: udpAddress(stated),
    metricsService: metricsService(stated),
    connectionLimit: connectionLimit(stated),
    metadata: metadata(stated),
    envoyArguments: envoyArguments(stated),
  };
}

/** The agent's flags that a ProxyConfig stands for, as the environment variables that come after the command line. */
export function asEnvironment({ stated }: OwnProxyConfig): NodeJS.ProcessEnv {
  const { concurrency, statusPort, proxyAdminPort, terminationDrainDuration } = stated;
  const named: [string, Json | undefined][] = [
    // Istio's 0 is as many as there are processors, which is nothing to set for each of many sidecars.
    ['QUARTET_CONCURRENCY', concurrency || undefined],
    ['QUARTET_STATUS_PORT', statusPort],
    ['QUARTET_ADMIN_PORT', proxyAdminPort],
    ['QUARTET_DRAIN_DURATION', terminationDrainDuration],
  ];
  const given = named.filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

function envoyArguments(stated: JsonObject): string[] {
  const { drainDuration, fileFlushInterval, fileFlushMinSizeKb } = stated;
  const given: [string, number | undefined][] = [
    ['--drain-time-s', seconds('drainDuration', drainDuration)],
    ['--file-flush-interval-msec', milliseconds('fileFlushInterval', fileFlushInterval)],
    ['--file-flush-min-size-kb', typeof fileFlushMinSizeKb === 'number' ? fileFlushMinSizeKb : undefined],
  ];
  return given.flatMap(([name, value]) => (value === undefined ? [] : [name, String(value)]));
}

function seconds(name: string, value: Json | undefined): number | undefined {
  const found = milliseconds(name, value);
  return found === undefined ? undefined : Math.ceil(found / 1_000);
}

function milliseconds(name: string, value: Json | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new Error(`${name} has to be a duration`);
  return parseDuration(value);
}

function runtimeValues({ runtimeValues: stated = {} }: JsonObject): Record<string, string> {
  if (!isObject(stated)) throw new Error('runtimeValues has to be an object of texts');
  return Object.fromEntries(Object.entries(stated).map(([key, value]) => [key, String(value)]));
}

/** Envoy resolves no names for what it sends by UDP. */
function udpAddress(stated: JsonObject): Address | undefined {
  const text = textOf(stated, 'statsdUdpAddress');
  if (!text) return undefined;
  const address = parseAddress(text);
  if (isIP(address.host) === 0) throw new Error('statsdUdpAddress has to be IP:PORT');
  return address;
}

function metricsService(stated: JsonObject): Address | undefined {
  const { envoyMetricsService: service = {} } = stated;
  if (!isObject(service)) throw new Error('envoyMetricsService has to be an object');
  // Plain text in place of the TLS that is asked for would betray who asks.
  if (isObject(service.tlsSettings) && (service.tlsSettings.mode ?? 'DISABLE') !== 'DISABLE')
    throw new Error('envoyMetricsService is reached in plain text alone');
  const text = textOf(service, 'address') || textOf(stated, 'envoyMetricsServiceAddress');
  return text ? parseAddress(text) : undefined;
}

function connectionLimit({ connectionSettings: settings = {} }: JsonObject): number | undefined {
  const limit = isObject(settings) ? settings.globalDownstreamConnectionLimit : undefined;
  if (limit !== undefined && typeof limit !== 'number')
    throw new Error('globalDownstreamConnectionLimit has to be a number');
  return limit;
}

const NODE_PREFIX = 'ISTIO_META_';

function metadata({ proxyMetadata: stated = {} }: JsonObject): Record<string, string> {
  if (!isObject(stated)) throw new Error('proxyMetadata has to be an object of texts');
  const own = Object.entries(stated).filter(([name]) => name.startsWith(NODE_PREFIX));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(NODE_PREFIX.length), String(value)]));
}

function texts(from: JsonObject, name: string): string[] {
  const value = from[name] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw new Error(`${name} has to be a list of texts`);
  return value;
}

function textOf(from: JsonObject, name: string): string | undefined {
  const value = from[name];
  if (value !== undefined && typeof value !== 'string') throw new Error(`${name} has to be a text`);
  return value;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
