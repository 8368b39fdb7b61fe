import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrometheus, type Sample } from '../measure/prometheus.js';
import { until } from '../until.js';

/** Counts by what the tour tells apart: reporter, code, flags, and who called whom in which version. */
export type Counts = ReadonlyMap<string, number>;

/** The labels of Istio's HTTP metrics that make up a row, in its order. */
const ROW = [
  'reporter',
  'response_code',
  'response_flags',
  'source_app',
  'source_version',
  'destination_service_name',
  'destination_version',
] as const;

/** All that Istio 1.4 puts on its HTTP metrics. */
export const HTTP_LABELS = [
  ...[
    'reporter',
    'source_app',
    'source_principal',
    'source_workload',
    'source_workload_namespace',
    'source_version',
  ],
  ...['destination_app', 'destination_principal', 'destination_workload', 'destination_workload_namespace'],
  ...[
    'destination_version',
    'destination_service',
    'destination_service_name',
    'destination_service_namespace',
  ],
  ...['request_protocol', 'response_code', 'response_flags', 'permissive_response_code'],
  ...['permissive_response_policyid', 'connection_security_policy'],
];

export const REQUESTS = 'istio_requests_total';
export const DURATIONS = 'istio_request_duration_seconds_count';

export function row(...values: string[]): string {
  return values.join(' ');
}

export async function samplesOf(metrics: string): Promise<Sample[]> {
  return parsePrometheus(await (await fetch(`http://${metrics}/metrics`)).text());
}

export function countRows(samples: readonly Sample[], name: string): Counts {
  const counts = new Map<string, number>();
  for (const sample of samples.filter((each) => each.name === name)) {
    const key = row(...ROW.map((label) => sample.labels.get(label) ?? ''));
    counts.set(key, (counts.get(key) ?? 0) + sample.value);
  }
  return counts;
}

/** What was added since, row by row; rows that stand still are left out. */
export function added(before: Counts, after: Counts): Counts {
  const grown = [...after].map(([key, value]): [string, number] => [key, value - (before.get(key) ?? 0)]);
  return new Map(grown.filter(([, value]) => value !== 0));
}

/** Rows in which two counts differ, in words; empty where they are equal. */
export function differences(expected: Counts, seen: Counts): string[] {
  const keys = [...new Set([...expected.keys(), ...seen.keys()])].sort();
  return keys
    .filter((key) => expected.get(key) !== seen.get(key))
    .map((key) => `'${key}' is ${seen.get(key) ?? 0}, not ${expected.get(key) ?? 0}`);
}

/** The counts, once they have stood still for two seconds: Envoy sends its access log once a second. */
export async function stableCounts(metrics: string, name: string): Promise<Counts> {
  const read = async () => countRows(await samplesOf(metrics), name);
  return until(
    async () => {
      const first = await read();
      for (let tenth = 0; tenth < 20; tenth++) {
        await sleep(100);
        if (differences(first, await read()).length > 0) return undefined;
      }
      return first;
    },
    { what: 'the metrics to stand still', timeoutMs: 20_000 },
  );
}
