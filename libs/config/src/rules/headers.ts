import type { HeaderOperations, Headers } from '../kinds/networking.js';
import type { Scope } from '../problem.js';
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
      if (/[\r\n\0]/.test(value)) scope.at(field, name).error('a header value holds no line breaks');
    }
  }
  operations?.remove?.forEach((name, index) => checkOperationName(name, scope.at('remove', index), false));
}

function checkOperationName(name: string, scope: Scope, authority: boolean): void {
  const lower = name.toLowerCase();
  const isAuthority = lower === ':authority' || lower === 'host';
  if (isAuthority && authority) return;
  if (isAuthority || lower.startsWith(':'))
    scope.error(`invalid header ${JSON.stringify(name)}: it cannot be modified`);
  else checkHeaderName(name, scope);
}
