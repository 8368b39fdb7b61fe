import type { Resource } from '../resource.js';
import type { Enforcer, EnforcementRow } from './rows.js';
import { ENFORCEMENT } from './rows.js';

/** A proxy, or a service of the control plane. */
export type Place = 'caller' | 'callee' | 'gateway' | 'mixer' | 'pilot';

/** A rule that a resource states, and who enforces it. */
export interface Enforced {
  readonly row: EnforcementRow;
  readonly by: readonly Place[];
}

/** Every rule that a resource states, with who enforces it, seen in this resource. */
export function enforcedBy(resource: Resource): Enforced[] {
  return ENFORCEMENT.filter(({ kind, fields }) => {
    return kind === resource.kind && fields.some((field) => has(resource.spec, field.split('.')));
  }).map((row) => ({ row, by: [...new Set(row.by.flatMap((each) => places(each, resource.spec)))] }));
}

/** Whether a path, `http[].timeout`, leads to anything that is set. */
function has(value: unknown, [member, ...rest]: readonly string[]): boolean {
  if (member === undefined) return isSet(value);
  if (typeof value !== 'object' || value === null) return false;
  const name = member.replace('[]', '');
  const inner = (value as Readonly<Record<string, unknown>>)[name];
  if (!member.endsWith('[]')) return has(inner, rest);
  return Array.isArray(inner) && inner.some((item) => has(item, rest));
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== '';
}

function places(enforcer: Enforcer, spec: unknown): Place[] {
  switch (enforcer) {
    case 'sender':
      return ['caller', 'gateway'];
    case 'bound':
      return boundTo((spec as { gateways?: readonly string[] }).gateways);
    case 'context':
      return patched((spec as { configPatches?: readonly Patch[] }).configPatches ?? []);
    case 'mode':
      return ['caller', 'callee', 'gateway'];
    default:
      return [enforcer];
  }
}

function boundTo(gateways: readonly string[] = []): Place[] {
  const bound = gateways.length > 0 ? gateways : ['mesh'];
  return [
    ...(bound.includes('mesh') ? (['caller'] as const) : []),
    ...(bound.some((name) => name !== 'mesh') ? (['gateway'] as const) : []),
  ];
}

interface Patch {
  readonly match?: { readonly context?: string };
}

function patched(patches: readonly Patch[]): Place[] {
  const contexts: Readonly<Record<string, readonly Place[]>> = {
    SIDECAR_INBOUND: ['callee'],
    SIDECAR_OUTBOUND: ['caller'],
    GATEWAY: ['gateway'],
  };
  return patches.flatMap(({ match }) => contexts[match?.context ?? ''] ?? ['caller', 'callee', 'gateway']);
}
