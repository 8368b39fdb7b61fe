import type { HTTPMatchRequest, StringMatch } from '../kinds/networking.js';

type Entries = Readonly<Record<string, StringMatch | Record<string, never>>> | undefined;

/** Whether a delegate's match is no part of the root's, as Istio sees it. */
export function isContradiction(root: HTTPMatchRequest, own: HTTPMatchRequest): boolean {
  const fields = ['uri', 'scheme', 'method', 'authority'] as const;
  return (
    fields.some((field) => contradicts(root[field], own[field])) ||
    anyContradicts(root.headers, own.headers) ||
    anyContradicts(root.withoutHeaders, own.withoutHeaders) ||
    anyContradicts(root.queryParams, own.queryParams) ||
    Boolean(root.ignoreUriCase) !== Boolean(own.ignoreUriCase) ||
    Boolean(root.port && own.port && root.port !== own.port) ||
    Boolean(root.sourceNamespace && root.sourceNamespace !== own.sourceNamespace) ||
    otherLabels(root.sourceLabels, own.sourceLabels) ||
    moreGateways(root.gateways, own.gateways)
  );
}

function anyContradicts(root: Entries, own: Entries): boolean {
  return Object.entries(own ?? {}).some(([name, match]) =>
    contradicts(root && Object.hasOwn(root, name) ? root[name] : undefined, match),
  );
}

/** Two patterns are never compared, so one of them is one too many. */
function contradicts(root: StringMatch | Record<string, never> | undefined, own: typeof root): boolean {
  if (!root || !own) return false;
  if ('regex' in root || 'regex' in own) return true;
  if ('exact' in root) return !('exact' in own && own.exact === root.exact);
  if (!('prefix' in root)) return true;
  const value = 'exact' in own ? own.exact : 'prefix' in own ? own.prefix : undefined;
  return value === undefined || !value.startsWith(root.prefix);
}

type Labels = Readonly<Record<string, string>>;

function otherLabels(root: Labels = {}, own: Labels = {}): boolean {
  return Object.entries(own).some(([name, value]) => Object.hasOwn(root, name) && root[name] !== value);
}

function moreGateways(root: readonly string[] = [], own: readonly string[] = []): boolean {
  return root.length > 0 && own.some((gateway) => !root.includes(gateway));
}
