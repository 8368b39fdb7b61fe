/**
 * Fields of Envoy's API that are newer than the package's files: facts of Envoy 1.40's own descriptors, put into copies
 * of these files before anything is generated.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const MANAGER = 'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto';

/** `message` is the last name of the message; one of this name is in the file. */
export const NEWER_FIELDS = [
  { file: 'envoy/type/tracing/v3/custom_tag.proto', message: 'CustomTag', field: 'string value = 6;' },
  { file: MANAGER, message: 'Tracing', field: 'bool no_context_propagation = 13;' },
  {
    file: 'envoy/config/trace/v3/zipkin.proto',
    message: 'ZipkinConfig',
    field: 'uint32 trace_context_option = 8;',
  },
  {
    file: 'envoy/config/trace/v3/zipkin.proto',
    message: 'ZipkinConfig',
    field: 'core.v3.HttpService collector_service = 9;',
  },
  {
    file: 'envoy/config/cluster/v3/circuit_breaker.proto',
    message: 'RetryBudget',
    field: 'google.protobuf.Duration budget_interval = 3;',
  },
  {
    file: 'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
    message: 'HttpProtocolOptions',
    field:
      'message OutlierDetection { config.common.matcher.v3.MatchPredicate error_matcher = 1; } OutlierDetection outlier_detection = 8;',
  },
];

/** Writes the copies below `folder`, which then has to be searched before `includes`. */
export function writeNewerFields(includes, folder) {
  for (const file of new Set(NEWER_FIELDS.map((each) => each.file))) {
    const source = includes.map((dir) => join(dir, file)).find((path) => existsSync(path));
    if (!source) throw new Error(`${file} is in none of ${includes.join(', ')}`);
    const text = NEWER_FIELDS.filter((each) => each.file === file).reduce(
      withField,
      readFileSync(source, 'utf8'),
    );
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

function withField(text, { file, message, field }) {
  const head = new RegExp(`^(\\s*)message ${message} \\{$`, 'm');
  if (!head.test(text)) throw new Error(`${file} has no message ${message}`);
  return text.replace(head, (line) => `${line}\n  ${field}\n`);
}
