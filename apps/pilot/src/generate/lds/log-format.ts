import { envoy } from '#common/proto/envoy';
import type { LogLabels } from '#config';
import { any, struct } from '../common/proto.js';
import type { LogFormatPick } from './log-sinks.js';

type Format = envoy.config.core.v3.SubstitutionFormatString.$Properties;

/** Istio's text format. */
const TEXT_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% ' +
  '%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% ' +
  '"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% ' +
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% ' +
  '%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% ' +
  '%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n';

/** Istio's labels, which say the same. */
const JSON_FORMAT: LogLabels = {
  authority: '%REQ(:AUTHORITY)%',
  bytes_received: '%BYTES_RECEIVED%',
  bytes_sent: '%BYTES_SENT%',
  connection_termination_details: '%CONNECTION_TERMINATION_DETAILS%',
  downstream_local_address: '%DOWNSTREAM_LOCAL_ADDRESS%',
  downstream_remote_address: '%DOWNSTREAM_REMOTE_ADDRESS%',
  duration: '%DURATION%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%',
  protocol: '%PROTOCOL%',
  request_id: '%REQ(X-REQUEST-ID)%',
  requested_server_name: '%REQUESTED_SERVER_NAME%',
  response_code: '%RESPONSE_CODE%',
  response_code_details: '%RESPONSE_CODE_DETAILS%',
  response_flags: '%RESPONSE_FLAGS%',
  route_name: '%ROUTE_NAME%',
  start_time: '%START_TIME%',
  upstream_cluster: '%UPSTREAM_CLUSTER_RAW%',
  upstream_host: '%UPSTREAM_HOST%',
  upstream_local_address: '%UPSTREAM_LOCAL_ADDRESS%',
  upstream_service_time: '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%',
  upstream_transport_failure_reason: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  user_agent: '%REQ(USER-AGENT)%',
  x_forwarded_for: '%REQ(X-FORWARDED-FOR)%',
};

export function textFormat({ text }: LogFormatPick): string {
  return text || TEXT_FORMAT;
}

/** A line ends where its format says so, or where the format ends. */
export function substitutionFormat(pick: LogFormatPick): Format {
  if (pick.encoding === 'JSON') {
    const labels = pick.labels ?? JSON_FORMAT;
    return { jsonFormat: struct(labels), ...formatters(JSON.stringify(labels)) };
  }
  const text = textFormat(pick);
  return {
    textFormatSource: { inlineString: text.endsWith('\n') ? text : `${text}\n` },
    ...formatters(text),
  };
}

/** One of the commands that may be written is an extension, which has to be asked for. */
function formatters(text: string): Format {
  if (!text.includes('%REQ_WITHOUT_QUERY(')) return {};
  const { ReqWithoutQuery } = envoy.extensions.formatter.req_without_query.v3;
  const typedConfig = any(ReqWithoutQuery, {});
  return { formatters: [{ name: 'envoy.formatter.req_without_query', typedConfig }] };
}
