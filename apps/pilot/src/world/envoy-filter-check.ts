import { RE2JS } from 're2js';
import type { EnvoyConfigPatch, EnvoyFilter } from '#config';
import { CODES, PATCHED_MESSAGES, encodePatchValue, formatPath } from '#config';
import type { Config } from '../model/config.js';
import type { Problem } from './problem.js';

/** Whether the patches can be told apart at all: what cannot is no EnvoyFilter. */
export function arePatches(patches: unknown): boolean {
  if (patches === undefined) return true;
  return Array.isArray(patches) && patches.every(isPatch);
}

function isPatch(patch: unknown): boolean {
  if (!isObject(patch) || typeof patch['applyTo'] !== 'string') return false;
  const isOptional = (member: unknown): boolean => member === undefined || isObject(member);
  return (
    Object.hasOwn(PATCHED_MESSAGES, patch['applyTo']) &&
    isOptional(patch['match']) &&
    isOptional(patch['patch'])
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What keeps single patches from being applied; the others of the EnvoyFilter are. */
export function patchProblems({ spec }: Config<EnvoyFilter>): Problem[] {
  return (spec.configPatches ?? []).flatMap((patch, index) => {
    const root = ['spec', 'configPatches', index];
    return [...valueProblems(patch, root), ...versionProblems(patch, root)];
  });
}

function valueProblems({ applyTo, patch }: EnvoyConfigPatch, root: (string | number)[]): Problem[] {
  const read = encodePatchValue(applyTo, patch?.value);
  return read.ok ? [] : [problem([...root, 'patch', 'value', ...read.path], read.reason)];
}

function versionProblems({ match }: EnvoyConfigPatch, root: (string | number)[]): Problem[] {
  try {
    RE2JS.compile(match?.proxy?.proxyVersion ?? '');
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [problem([...root, 'match', 'proxy', 'proxyVersion'], `is refused by RE2: ${reason}`)];
  }
}

function problem(path: (string | number)[], reason: string): Problem {
  return { ...CODES.schema, message: `the patch is left out: ${reason}`, path: formatPath(path) };
}
