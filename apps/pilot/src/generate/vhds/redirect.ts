import type { HTTPRoute } from '#config';
import { envoy } from '#common/proto/envoy';

type RedirectAction = envoy.config.route.v3.RedirectAction.$Properties;
type Redirect = NonNullable<HTTPRoute['redirect']>;

/** @param requestPort the port that requests came to */
export function redirectAction(redirect: Redirect, requestPort: number): RedirectAction {
  const port = portOf(redirect, requestPort);
  return {
    ...(redirect.authority && { hostRedirect: redirect.authority }),
    ...(redirect.uri && { pathRedirect: redirect.uri }),
    ...(redirect.prefixRewrite && { prefixRewrite: redirect.prefixRewrite }),
    ...(redirect.scheme && { schemeRedirect: redirect.scheme }),
    ...(port !== undefined && { portRedirect: port }),
    responseCode: responseCode(redirect.redirectCode),
  };
}

/** Undefined where it goes without saying: Envoy then leaves the scheme's own port out. */
function portOf({ port, derivePort, scheme }: Redirect, requestPort: number): number | undefined {
  const stated = derivePort === 'FROM_REQUEST_PORT' ? requestPort : port;
  return stated === (scheme === 'https' ? 443 : 80) ? undefined : stated;
}

function responseCode(code: number | undefined): number {
  const { RedirectResponseCode } = envoy.config.route.v3.RedirectAction;
  switch (code) {
    case 302:
      return RedirectResponseCode.FOUND;
    case 303:
      return RedirectResponseCode.SEE_OTHER;
    case 307:
      return RedirectResponseCode.TEMPORARY_REDIRECT;
    case 308:
      return RedirectResponseCode.PERMANENT_REDIRECT;
    default:
      return RedirectResponseCode.MOVED_PERMANENTLY;
  }
}
