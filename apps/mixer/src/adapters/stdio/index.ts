import type { Value } from '#expressions';
import { formatValue, isStringMap, Timestamp } from '#expressions';
import type { Dimensions } from '../../templates/dimensions.js';
import type { LogEntryInstance, MetricInstance, ReportInstance } from '../../templates/instances.js';
import type { Adapter, AdapterEnvironment, Handler } from '../adapter.js';
import { stdioParams } from './params.js';
import type { Level, StdioParams } from './params.js';

const RANK: Readonly<Record<Level, number>> = { INFO: 0, WARNING: 1, ERROR: 2 };
/** The levels as the original wrote them. */
const SHOWN: Readonly<Record<Level, string>> = { INFO: 'info', WARNING: 'warn', ERROR: 'error' };

/** Writes log entries and metrics as lines. @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/adapters/stdio/ */
export const stdio: Adapter<StdioParams> = {
  name: 'stdio',
  templates: new Set(['logentry', 'metric']),
  validate: stdioParams,
  build(params, environment): Handler {
    return { report: (instances) => instances.forEach((instance) => write(params, environment, instance)) };
  },
};

function write(params: StdioParams, environment: AdapterEnvironment, instance: ReportInstance): void {
  if (instance.template === 'reportnothing') return;
  const level = levelOf(params, instance);
  if (RANK[level] < RANK[params.outputLevel]) return;
  const line = lineOf(instance, level, environment.now());
  environment.writeLine(params.target, params.outputAsJson ? JSON.stringify(line) : plainText(line));
}

function levelOf(params: StdioParams, instance: LogEntryInstance | MetricInstance): Level {
  if (instance.template === 'metric') return params.metricLevel;
  return params.severityLevels.get(instance.severity) ?? 'INFO';
}

/** level, time, instance, then the variables in the order of their names. */
function lineOf(
  instance: LogEntryInstance | MetricInstance,
  level: Level,
  now: number,
): Record<string, unknown> {
  const time = (instance.template === 'logentry' ? instance.timestamp : undefined) ?? Timestamp.ofMillis(now);
  const head = { level: SHOWN[level], time: String(time), instance: instance.name };
  if (instance.template === 'logentry') return { ...head, ...fieldsOf(instance.variables) };
  return { ...head, value: plain(instance.value), ...fieldsOf(instance.dimensions) };
}

function fieldsOf({ set, values }: Dimensions): Record<string, unknown> {
  return Object.fromEntries(values.map((value, index) => [set.names[index] ?? '', plain(value)]));
}

function plain(value: Value): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return isStringMap(value) ? Object.fromEntries(value.entries()) : formatValue(value);
}

function plainText({ level, time, instance, ...fields }: Record<string, unknown>): string {
  return [time, level, instance, JSON.stringify(fields)].map(String).join('\t');
}
