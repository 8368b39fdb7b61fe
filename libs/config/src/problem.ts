import type { CodeName } from './codes.js';

/** Steps from a document's root to a field: member names and list indexes. */
export type Path = readonly (string | number)[];

/** A finding before it is known where in a file it stands. */
export interface Problem {
  readonly code: CodeName;
  readonly message: string;
  readonly path: Path;
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** `spec.http[0].match[1].headers["x.y"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (PLAIN_NAME.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** A place in a resource that rules report to. Immutable but for the shared list of findings. */
export class Scope {
  constructor(
    private readonly problems: Problem[],
    private readonly path: Path = [],
  ) {}

  /** The place some steps further in. */
  at(...steps: Path): Scope {
    return new Scope(this.problems, [...this.path, ...steps]);
  }

  /** Breaks a rule of the kind: the resource is refused. */
  error(message: string): void {
    this.problems.push({ code: 'schema', message, path: this.path });
  }

  warn(code: CodeName, message: string): void {
    this.problems.push({ code, message, path: this.path });
  }
}
