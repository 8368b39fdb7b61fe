import type { HeaderOperations, Headers } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
import { checkHeaderValue } from './header-value.js';
import { checkHeaderName } from './text.js';

/** Envoy does not let routes touch pseudo headers and host; Istio makes an exception for the request's authority. */
export function checkHeaders(headers: Headers | undefined, scope: Scope): void {
  checkOperations(headers?.request, scope.at('request'), true);
  checkOperations(headers?.response, scope.at('response'), false);
}

function checkOperations(operations: HeaderOperations | undefined, scope: Scope, authority: boolean): void {
  for (const field of ['set', 'add'] as const) {
    for (const [name, value] of Object.entries(operations?.[field] ?? {})) {
      checkOperationName(name, scope.at(field, name), authority);
      checkHeaderValue(value, scope.at(field, name));
    }
  }
  operations?.remove?.forEach((name, index) => checkOperationName(name, scope.at('remove', index), false));
}

function checkOperationName(name: string, scope: Scope, authority: boolean): void {
  if (isAuthority(name) && authority) return;
  if (isAuthority(name) || name.startsWith(':'))
    scope.error(`invalid header ${JSON.stringify(name)}: it cannot be modified`);
  else checkHeaderName(name, scope);
}

function isAuthority(name: string): boolean {
  return /^(?::authority|host)$/i.test(name);
}

/** Where several places rewrite the authority nobody could say which one counts. */
export function checkAuthority(
  rewritten: string | undefined,
  headers: Headers | undefined,
  scope: Scope,
): void {
  const { set, add } = headers?.request ?? {};
  const places = [...Object.keys(set ?? {}), ...Object.keys(add ?? {})].filter(isAuthority);
  if (places.length + Number(Boolean(rewritten)) > 1)
    scope.error('authority header cannot be set multiple times');
}
