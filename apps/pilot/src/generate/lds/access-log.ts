import { envoy } from '#common/proto/envoy';
import type { WorldView } from '../../model/contract.js';
import type { Mesh } from '../../model/mesh.js';
import { any, struct } from '../common/proto.js';
import type { MixerReport } from './mixer-report.js';
import { mixerAccessLog } from './mixer-report.js';

type AccessLog = envoy.config.accesslog.v3.AccessLog.$Properties;

/** Where requests are logged: a file, Mixer, both or neither. */
export interface AccessLogPick {
  readonly file: Pick<Mesh, 'accessLogFile' | 'accessLogFormat' | 'accessLogEncoding'>;
  readonly report?: MixerReport;
}

/** Istio's text format. */
const TEXT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% ' +
  '%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% ' +
  '"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% ' +
  '%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% ' +
  '%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n';

const JSON_FORMAT = {
  authority: '%REQ(:AUTHORITY)%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  duration: '%DURATION%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  request_id: '%REQ(X-REQUEST-ID)%',
  response_code: '%RESPONSE_CODE%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  response_flags: '%RESPONSE_FLAGS%',
  route_name: '%ROUTE_NAME%',
  start_time: '%START_TIME%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_host: '%UPSTREAM_HOST%',
  user_agent: '%REQ(USER-AGENT)%',
};

export function accessLogFile(view: WorldView): AccessLogPick['file'] {
  const { accessLogFile, accessLogFormat, accessLogEncoding } = view.mesh();
  return { accessLogFile, accessLogFormat, accessLogEncoding };
}

export function accessLogs({ file, report }: AccessLogPick): AccessLog[] {
  return [...(file.accessLogFile ? [fileAccessLog(file)] : []), ...(report ? [mixerAccessLog(report)] : [])];
}

/** Standard output is a stream of its own: as a file it cannot be opened where it is a pipe. */
function fileAccessLog(file: AccessLogPick['file']): AccessLog {
  if (file.accessLogFile === '/dev/stdout') {
    const { StdoutAccessLog } = envoy.extensions.access_loggers.stream.v3;
    return {
      name: 'envoy.access_loggers.stdout',
      typedConfig: any(StdoutAccessLog, { logFormat: format(file) }),
    };
  }
  const { FileAccessLog } = envoy.extensions.access_loggers.file.v3;
  const typedConfig = any(FileAccessLog, { path: file.accessLogFile, logFormat: format(file) });
  return { name: 'envoy.access_loggers.file', typedConfig };
}

function format({ accessLogFormat, accessLogEncoding }: AccessLogPick['file']) {
  if (accessLogEncoding !== 'JSON')
    return { textFormatSource: { inlineString: accessLogFormat || TEXT_FORMAT } };
  return { jsonFormat: struct(jsonFormat(accessLogFormat)) };
}

/** A format of one's own is a JSON object of texts; anything else is as good as none. */
function jsonFormat(text: string): Readonly<Record<string, string>> {
  try {
    const parsed: unknown = JSON.parse(text);
    const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
    const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return texts.length > 0 ? Object.fromEntries(texts) : JSON_FORMAT;
  } catch {
    return JSON_FORMAT;
  }
}
