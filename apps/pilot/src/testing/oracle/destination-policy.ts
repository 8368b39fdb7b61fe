import type { DestinationRule, Subset, TrafficPolicy } from '#config';
import type { Caller, ExpectedPolicy, Used } from './expected.js';
import type { Mesh, Named } from './mesh.js';
import { isExported, longName, narrowness } from './mesh.js';

type PortPolicy = Omit<TrafficPolicy, 'portLevelSettings'>;

/** What the DestinationRules say of a destination. */
export interface Governed {
  /** False for a subset that no rule names. */
  readonly exists: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly policy: PortPolicy;
  readonly used: readonly Used[];
}

/** The rules of a host, one for each namespace that may speak for it: those of the caller before the service's. */
export function governed(mesh: Mesh, caller: Caller, host: string, port: number, subset: string): Governed {
  const rules = rulesOf(mesh, caller, host);
  const base = rules.find(({ spec }) => spec.trafficPolicy)?.spec.trafficPolicy;
  const named = rules.flatMap(({ spec }) => spec.subsets ?? []).find(({ name }) => name === subset);
  const policy = over(over({}, base, port), named?.trafficPolicy, port);
  return {
    exists: subset === '' || named !== undefined,
    labels: named?.labels ?? {},
    policy,
    used: rules.map(({ spec }) => ({ kind: 'DestinationRule' as const, part: counted(spec, port, named) })),
  };
}

function rulesOf(mesh: Mesh, caller: Caller, host: string): Named<DestinationRule>[] {
  const fitting = mesh.destinationRules
    .filter((rule) => rule.namespace === caller.namespace && isExported(rule, caller))
    .map((rule) => ({ rule, fit: narrowness(longName(rule.spec.host, rule.namespace), host) }))
    .filter(({ fit }) => fit !== undefined);
  const narrowest = Math.max(...fitting.map(({ fit }) => fit ?? 0));
  const rules = fitting.filter(({ fit }) => fit === narrowest).map(({ rule }) => rule);
  const own = rules.filter(({ spec: { workloadSelector } }) => {
    return workloadSelector && selects(workloadSelector.matchLabels ?? {}, caller.labels);
  });
  return own.length > 0 ? own.slice(0, 1) : rules.filter(({ spec }) => !spec.workloadSelector);
}

export function selects(
  wanted: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** What is said for a port stands alone; else each part that is stated replaces the one below. */
function over(below: PortPolicy, above: TrafficPolicy | undefined, port: number): PortPolicy {
  const { portLevelSettings = [], ...general } = above ?? {};
  const ofPort = portLevelSettings.find((settings) => settings.port?.number === port);
  if (!ofPort) return { ...below, ...general };
  const { port: _, ...settings } = ofPort;
  return settings;
}

/** The part of a rule that has anything to say about this port and subset. */
function counted(spec: DestinationRule, port: number, subset: Subset | undefined): object {
  const { subsets: _, trafficPolicy, ...rest } = spec;
  const kept = subset && {
    ...subset,
    ...(subset.trafficPolicy && { trafficPolicy: forPort(subset.trafficPolicy, port) }),
  };
  return {
    ...rest,
    ...(trafficPolicy && { trafficPolicy: forPort(trafficPolicy, port) }),
    ...(kept && { subsets: [kept] }),
  };
}

function forPort({ portLevelSettings = [], ...general }: TrafficPolicy, port: number): TrafficPolicy {
  const ofPort = portLevelSettings.filter((settings) => settings.port?.number === port);
  return ofPort.length > 0 ? { portLevelSettings: ofPort } : general;
}

/** In numbers, with what holds where nothing is stated. */
export function inNumbers({ loadBalancer, connectionPool, outlierDetection }: PortPolicy): ExpectedPolicy {
  const { tcp = {}, http = {} } = connectionPool ?? {};
  const unlimited = 4294967295;
  return {
    balancing: balancing(loadBalancer),
    connectTimeoutMs: milliseconds(tcp.connectTimeout ?? '10s'),
    limits: {
      connections: tcp.maxConnections ?? unlimited,
      pending: http.http1MaxPendingRequests ?? unlimited,
      requests: http.http2MaxRequests ?? unlimited,
      retries: http.maxRetries ?? unlimited,
      perConnection: http.maxRequestsPerConnection ?? 0,
      idleMs: milliseconds(http.idleTimeout ?? '0s'),
    },
    outlier: outlierDetection && outlier(outlierDetection),
  };
}

function balancing(settings: PortPolicy['loadBalancer']): string {
  const { simple, consistentHash: hash } = settings ?? {};
  if (hash) return hash.maglev ? `maglev ${hash.maglev.tableSize ?? 65537}` : `ring ${ringSize(hash)}`;
  switch (simple) {
    case 'ROUND_ROBIN':
    case 'RANDOM':
      return simple;
    default:
      return 'LEAST_REQUEST';
  }
}

function ringSize({
  ringHash,
  minimumRingSize,
}: NonNullable<NonNullable<PortPolicy['loadBalancer']>['consistentHash']>): number {
  return ringHash?.minimumRingSize ?? minimumRingSize ?? 1024;
}

function outlier(detection: NonNullable<PortPolicy['outlierDetection']>): Record<string, number> {
  const { consecutive5xxErrors: errors, consecutiveGatewayErrors: gateway } = detection;
  return {
    ...(errors !== undefined && { errors }),
    ...(gateway !== undefined && { gateway }),
    ...(detection.interval !== undefined && { intervalMs: milliseconds(detection.interval) }),
    ...(detection.baseEjectionTime !== undefined && { ejectionMs: milliseconds(detection.baseEjectionTime) }),
    ...(detection.maxEjectionPercent !== undefined && { percent: detection.maxEjectionPercent }),
  };
}

export function milliseconds(text: string): number {
  const [, number = '0', unit] = /^([0-9.]+)(ms|s|m|h)$/.exec(text) ?? [];
  return Number(number) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit ?? 's'] ?? 1000);
}
