import type { Condition } from './istio-status.js';

/** What of an object's status is of use, whoever wrote it. */
export interface SeenStatus {
  readonly observedGeneration: number;
  /** Galley's own, by type. */
  readonly own: ReadonlyMap<string, Condition>;
  /** Of others, which stay as they are. */
  readonly foreign: readonly unknown[];
  /** Canonical text of the messages. */
  readonly messages: string;
}

export const OWN_CONDITIONS: ReadonlySet<string> = new Set(['Accepted', 'Reconciled']);
const NOTHING: SeenStatus = { observedGeneration: 0, own: new Map(), foreign: [], messages: '[]' };

/** Reads a status; what has not the form that Galley writes counts as not there. */
export function seenStatus(status: unknown): SeenStatus {
  if (typeof status !== 'object' || status === null) return NOTHING;
  const { observedGeneration, conditions, validationMessages } = status as Record<string, unknown>;
  const own = new Map<string, Condition>();
  const foreign: unknown[] = [];
  for (const condition of Array.isArray(conditions) ? (conditions as unknown[]) : []) {
    const found = ownCondition(condition);
    if (found) own.set(found.type, found);
    else foreign.push(condition);
  }
  return {
    observedGeneration: Number(observedGeneration ?? 0),
    own,
    foreign,
    messages: JSON.stringify(Array.isArray(validationMessages) ? validationMessages : []),
  };
}

function ownCondition(value: unknown): Condition | undefined {
  const condition = value as Partial<Condition> | null;
  if (typeof condition?.type !== 'string' || !OWN_CONDITIONS.has(condition.type)) return undefined;
  const { type, status = 'Unknown', reason = '', message = '', lastTransitionTime = '' } = condition;
  return { type, status, reason, message, lastTransitionTime };
}
