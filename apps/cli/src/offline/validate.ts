import { validateFiles } from '#app/galley';
import type { Diagnostic } from '#config';
import { readConfigFiles } from './files.js';

export interface ValidateOptions {
  readonly json: boolean;
  /** Also check the references between resources. */
  readonly analyze: boolean;
}

/** Prints what Galley would say to these files. Exit code 1 where there is an error or, with `analyze`, a warning. */
export async function validate(paths: readonly string[], options: ValidateOptions): Promise<number> {
  const files = await readConfigFiles(paths);
  const found = validateFiles(files).filter((diagnostic) => options.analyze || diagnostic.level === 'Error');
  if (options.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else for (const diagnostic of found) process.stdout.write(`${formatDiagnostic(diagnostic)}\n`);
  return found.some((diagnostic) => diagnostic.level !== 'Info') ? 1 : 0;
}

/** `bookinfo.yaml:12: Error [IST0106] spec.http[0].route: must not be empty (VirtualService default/reviews)` */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { code, level, message, path, origin, resource } = diagnostic;
  const place = path === '' ? '' : ` ${path}:`;
  const [, kind, namespace, name] = resource?.split('/') ?? [];
  const subject = resource === undefined ? '' : ` (${kind} ${namespace}/${name})`;
  return `${origin.file}:${origin.line}: ${level} [${code}]${place} ${message}${subject}`;
}
