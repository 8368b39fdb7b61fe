import type { envoy, google } from '#common/proto/edge';
import { codeName, httpStatus } from '../adapters/status.js';
import type { Status } from '../adapters/status.js';
import type { CheckOutcome } from '../dispatch/check.js';
import type { HeaderChange } from '../dispatch/headers.js';

type CheckResponse = envoy.service.auth.v3.CheckResponse.$Properties;
type HeaderValueOption = envoy.config.core.v3.HeaderValueOption.$Properties;

/** envoy.config.core.v3.HeaderValueOption.HeaderAppendAction */
const APPEND = 0;
const OVERWRITE = 2;

/** Mixer's decision in ext_authz's words. */
export function checkAnswer(outcome: CheckOutcome): CheckResponse {
  return outcome.status.code === 0 ? passed(outcome) : refused(outcome.status);
}

function passed({ requestHeaders, responseHeaders }: CheckOutcome): CheckResponse {
  const removed = requestHeaders.filter(({ operation }) => operation === 'REMOVE').map(({ name }) => name);
  const okResponse = {
    headers: requestHeaders.filter(({ operation }) => operation !== 'REMOVE').map(headerOption),
    headersToRemove: removed,
    // ext_authz cannot take a header off a response: such a rule's REMOVE is for requests alone.
    responseHeadersToAdd: responseHeaders.filter(({ operation }) => operation !== 'REMOVE').map(headerOption),
  };
  return { status: { code: 0 }, okResponse };
}

function headerOption({ name, value, operation }: HeaderChange): HeaderValueOption {
  return { header: { key: name, value }, appendAction: operation === 'APPEND' ? APPEND : OVERWRITE };
}

/** The body is what Mixer's proxies answered with: `PERMISSION_DENIED:whitelist.handler.default:v1 is not whitelisted`. */
function refused({ code, message }: Status): CheckResponse {
  return {
    status: { code, message },
    deniedResponse: { status: { code: httpStatus(code) }, body: `${codeName(code)}:${message}` },
    // Envoy keeps it with the request, so that the access log can tell what Mixer said.
    dynamicMetadata: struct({
      'check.error_code': { numberValue: code },
      'check.error_message': { stringValue: message },
    }),
  };
}

function struct(fields: Record<string, google.protobuf.Value.$Shape>): google.protobuf.Struct.$Properties {
  return { fields };
}
