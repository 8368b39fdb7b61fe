import type { Diagnostic } from '#config';
import { sentence } from '../validate/admit.js';
import type { Standing } from '../analyze/standing.js';
import type { Condition, IstioStatus, ValidationMessage } from './istio-status.js';
import { messageType } from './message-types.js';
import type { Rollout } from './rollout.js';
import type { SeenStatus } from './seen.js';

type Saying = Omit<Condition, 'lastTransitionTime' | 'type'>;

const DOCUMENTATION = 'https://istio.io/latest/docs/reference/config/analysis/';
/** Of one object, and of its words: etcd holds them, and each watcher gets them. */
const MAX_MESSAGES = 20;
const MAX_TEXT = 1_000;

/** Whether Galley took an object in as it stands, and why not. */
export function acceptance({ outcome, errors, inForce, overriddenBy }: Standing): Saying {
  if (outcome === 'accepted') return { status: 'True', reason: 'Valid', message: '' };
  if (outcome === 'overridden') {
    const message = `it stands already in ${overriddenBy ?? 'another source'}, which stays`;
    return { status: 'False', reason: 'Overridden', message };
  }
  const why = errors.map(sentence).join('; ');
  const rest = inForce ? 'its last good version stays in force' : 'nothing of it is in force';
  return { status: 'False', reason: 'Invalid', message: cut(`${why}: ${rest}`) };
}

/** How far the proxies are with what is in force of an object. */
export function reconciliation({ inForce }: Standing, rollout: Rollout | undefined): Saying | undefined {
  if (!inForce) return { status: 'False', reason: 'NotInForce', message: 'nothing of it is in force' };
  if (!rollout) return undefined;
  const { revision, holding, proxies, refused } = rollout;
  if (refused) {
    const { type, name, proxy, message, inForce: instead } = refused;
    const by = proxy === undefined ? "a rule of Envoy's API" : `proxy ${proxy}`;
    const rest = instead === undefined ? '' : `; in force is ${instead}`;
    const text = `${type} '${name}' is refused by ${by}: ${message}${rest}`;
    return { status: 'False', reason: 'Refused', message: cut(text) };
  }
  if (proxies === 0)
    return { status: 'Unknown', reason: 'NoProxies', message: `revision ${revision}: no proxy is connected` };
  const done = holding >= proxies;
  const message = `revision ${revision}: ${holding} of ${proxies} connected proxies hold it`;
  return { status: done ? 'True' : 'False', reason: done ? 'Held' : 'Propagating', message };
}

/**
 * The status that an object is to have; undefined where it has it already, its times apart.
 *
 * @param now RFC 3339
 */
export function statusToWrite(
  standing: Standing,
  rollout: Rollout | undefined,
  seen: { readonly generation: number; readonly status: SeenStatus },
  now: string,
): IstioStatus | undefined {
  const { own, foreign, observedGeneration, messages } = seen.status;
  const before = own.get('Reconciled');
  const known = reconciliation(standing, rollout);
  const reconciled = known ?? (before && observedGeneration === seen.generation ? before : undefined);
  const conditions = [
    timed('Accepted', acceptance(standing), own, now),
    ...(reconciled ? [timed('Reconciled', reconciled, own, now)] : []),
  ];
  const validationMessages = standing.messages.slice(0, MAX_MESSAGES).map(validationMessage);
  const same =
    observedGeneration === seen.generation &&
    conditions.length === own.size &&
    conditions.every((condition) => sameSaying(condition, own.get(condition.type))) &&
    JSON.stringify(validationMessages) === messages;
  if (same) return undefined;
  return { observedGeneration: seen.generation, conditions: [...foreign, ...conditions], validationMessages };
}

function timed(
  type: string,
  { status, reason, message }: Saying,
  own: ReadonlyMap<string, Condition>,
  now: string,
): Condition {
  const before = own.get(type);
  const since = before?.status === status ? before.lastTransitionTime : now;
  return { type, status, reason, message, lastTransitionTime: since || now };
}

function sameSaying(left: Saying, right: Saying | undefined): boolean {
  return left.status === right?.status && left.reason === right.reason && left.message === right.message;
}

function validationMessage({ code, level, ...rest }: Diagnostic): ValidationMessage {
  return {
    type: { name: messageType(code), code },
    level: level.toUpperCase(),
    documentationUrl: code.startsWith('IST') ? `${DOCUMENTATION}${code.toLowerCase()}/` : '',
    message: cut(sentence({ code, ...rest })),
  };
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text;
}
