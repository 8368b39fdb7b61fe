import { CODES, fileDiagnostics, MESH_TYPES, readObject } from '#config';
import type { ClusterObject, Diagnostic, FileReading } from '#config';

/** What of an AdmissionReview's request is of use. @see https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request */
export interface AdmissionRequest {
  readonly uid: string;
  readonly operation: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly object?: unknown;
}

export interface Verdict {
  readonly allowed: boolean;
  /** Why not. */
  readonly message?: string;
  /** What is accepted all the same, and should be looked at. */
  readonly warnings: readonly string[];
}

/** What goes before every refusal, as in Istio. */
export const REFUSAL = 'configuration is invalid: ';
/** Beyond these nobody reads on; the API server cuts warnings off at 256 characters, and at 4,096 in all. */
const MAX_ERRORS = 10;
const MAX_WARNINGS = 15;
const MAX_WARNING_LENGTH = 250;
/** A name that the API server has yet to make up. */
const GENERATED = 'generated';

/**
 * Judges an object by the rules that are applied to files and to what a cluster holds already. `among` tells what is
 * wrong with it beside other config, which is never a reason to refuse it: the other may follow.
 */
export function admit(
  request: AdmissionRequest,
  among: (reading: FileReading) => readonly Diagnostic[],
): Verdict {
  const { operation, object } = request;
  if (operation !== 'CREATE' && operation !== 'UPDATE') return { allowed: true, warnings: [] };
  const found = clusterObject(request, object);
  if (!found) return { allowed: false, message: `${REFUSAL}this is no object`, warnings: [] };
  const reading = readObject('', found, '');
  const own = fileDiagnostics(reading);
  const errors = own.filter(({ level }) => level === 'Error');
  const others = errors.length > 0 ? [] : among(reading);
  const warnings = [...own.filter(({ level }) => level === 'Warning'), ...others];
  return {
    allowed: errors.length === 0,
    ...(errors.length > 0 && { message: REFUSAL + listed(errors.map(sentence)) }),
    warnings: warnings.slice(0, MAX_WARNINGS).map((one) => cut(sentence(one))),
  };
}

function clusterObject({ name, namespace }: AdmissionRequest, object: unknown): ClusterObject | undefined {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return undefined;
  const { metadata } = object as { metadata?: { name?: unknown; managedFields?: unknown } };
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const { managedFields: _managers, ...own } = metadata;
  return {
    ...(object as ClusterObject),
    metadata: { ...own, name: (own.name as string) ?? (name || GENERATED), ...(namespace && { namespace }) },
  };
}

/** `spec.hosts[0]: invalid host "a b" [IST0106]` */
export function sentence({ code, path, message }: Pick<Diagnostic, 'code' | 'path' | 'message'>): string {
  return `${path === '' ? '' : `${path}: `}${message} [${code}]`;
}

function listed(sentences: readonly string[]): string {
  const more = sentences.length - MAX_ERRORS;
  const shown = sentences.slice(0, MAX_ERRORS).join('; ');
  return more > 0 ? `${shown}; and ${more} more` : shown;
}

function cut(text: string): string {
  return text.length > MAX_WARNING_LENGTH ? `${text.slice(0, MAX_WARNING_LENGTH)}...` : text;
}

/** A refusal of this Galley, and not of the API server or of somebody else's webhook. */
export function isRefusal(message: string): boolean {
  return message.includes(REFUSAL) && message.includes(`[${CODES.schema.code}]`);
}

/**
 * One object of each kind, which nobody looks at the verdict of: the first of its kind takes a hundred times as long as
 * those after it, since its schema is compiled then.
 */
export function rehearsals(): AdmissionRequest[] {
  return MESH_TYPES.filter(({ read }) => read).map(({ group, kind, versions: [version = ''] }) => ({
    ...{ uid: '', operation: 'CREATE', namespace: 'default' },
    object: { apiVersion: `${group}/${version}`, kind, metadata: { name: 'rehearsal' }, spec: {} },
  }));
}
