import type { HeaderOperations, Headers } from '#config';
import { envoy } from '#common/proto/envoy';

type HeaderValueOption = envoy.config.core.v3.HeaderValueOption.$Properties;

/** The fields that routes and weighted clusters have alike. */
export interface HeaderFields {
  readonly requestHeadersToAdd: HeaderValueOption[];
  readonly requestHeadersToRemove: string[];
  readonly responseHeadersToAdd: HeaderValueOption[];
  readonly responseHeadersToRemove: string[];
}

export function headerFields(headers: Headers | undefined): HeaderFields {
  return {
    requestHeadersToAdd: added(headers?.request),
    requestHeadersToRemove: headers?.request?.remove ?? [],
    responseHeadersToAdd: added(headers?.response),
    responseHeadersToRemove: headers?.response?.remove ?? [],
  };
}

/** A request's authority is no header that Envoy would set: it is rewritten by the route. */
export function authorityOf(headers: Headers | undefined): string | undefined {
  const entries = Object.entries({ ...headers?.request?.add, ...headers?.request?.set });
  return entries.find(([name]) => isAuthority(name))?.[1];
}

function added(operations: HeaderOperations | undefined): HeaderValueOption[] {
  const { APPEND_IF_EXISTS_OR_ADD, OVERWRITE_IF_EXISTS_OR_ADD } =
    envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
  const options = (headers: Record<string, string> | undefined, appendAction: number): HeaderValueOption[] =>
    Object.entries(headers ?? {})
      .filter(([name]) => !isAuthority(name))
      .map(([key, value]) => ({ header: { key, value }, appendAction }));
  return [
    ...options(operations?.set, OVERWRITE_IF_EXISTS_OR_ADD),
    ...options(operations?.add, APPEND_IF_EXISTS_OR_ADD),
  ];
}

function isAuthority(name: string): boolean {
  return /^(:authority|host)$/i.test(name);
}
