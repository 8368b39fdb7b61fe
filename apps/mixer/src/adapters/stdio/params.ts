import { Params } from '../params.js';
import type { Validated } from '../adapter.js';

export type Level = 'INFO' | 'WARNING' | 'ERROR';
const LEVELS: readonly Level[] = ['INFO', 'WARNING', 'ERROR'];

export interface StdioParams {
  /** STDOUT, STDERR or the path of a file. */
  readonly target: string;
  /** The level of each severity that log entries carry. */
  readonly severityLevels: ReadonlyMap<string, Level>;
  readonly metricLevel: Level;
  readonly outputAsJson: boolean;
  readonly outputLevel: Level;
}

const DEFAULT_LEVELS: readonly (readonly [string, Level])[] = [
  ...['INFORMATIONAL', 'informational', 'INFO', 'info', 'Info'].map((text) => [text, 'INFO'] as const),
  ...['WARNING', 'warning', 'Warning', 'WARN', 'warn', 'Warn'].map((text) => [text, 'WARNING'] as const),
  ...['ERROR', 'error', 'Error'].map((text) => [text, 'ERROR'] as const),
];

export function stdioParams(value: unknown): Validated<StdioParams> {
  const params = new Params(value);
  const stream = params.oneOf('logStream', 'STDOUT', ['STDOUT', 'STDERR', 'FILE']);
  const outputPath = params.text('outputPath');
  if (stream === 'FILE' && outputPath === '') params.problem('outputPath', 'is required for logStream FILE');
  const read = {
    target: stream === 'FILE' ? outputPath : stream,
    severityLevels: readLevels(params),
    metricLevel: params.oneOf('metricLevel', 'INFO', LEVELS),
    outputAsJson: params.flag('outputAsJson', true),
    outputLevel: params.oneOf('outputLevel', 'INFO', LEVELS),
  };
  params.finish();
  return { params: read, problems: params.problems };
}

function readLevels(params: Params): ReadonlyMap<string, Level> {
  const given = params.textMap('severityLevels');
  if (given.size === 0) return new Map(DEFAULT_LEVELS);
  const levels = [...given].flatMap(([severity, text]): [string, Level][] => {
    const level = LEVELS.find((name) => name === text);
    if (!level) params.problem(`severityLevels.${severity}`, `expected one of ${LEVELS.join(', ')}`);
    return level ? [[severity, level]] : [];
  });
  return new Map(levels);
}
