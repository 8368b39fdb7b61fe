import type { Value } from '#expressions';
import type { WorkloadDirectory } from '../attributes/workload-directory.js';
import type { Problem } from '../templates/field-compiler.js';
import type {
  CheckInstance,
  Instance,
  KubernetesInstance,
  QuotaInstance,
  ReportInstance,
} from '../templates/instances.js';
import type { MetricRegistry } from './prometheus/registry.js';
import type { Status } from './status.js';

/** What a check says, and for how long (milliseconds) and how many uses a caller might keep it. */
export interface CheckResult {
  readonly status: Status;
  readonly validDuration: number;
  readonly validUseCount: number;
}

export interface QuotaRequest {
  readonly amount: number;
  /** Take what is left where there is less than asked for. */
  readonly bestEffort: boolean;
  /** The same request asked twice is charged once. */
  readonly deduplicationId: string;
}

export interface QuotaResult {
  /** What was granted; 0 is a refusal. */
  readonly amount: number;
  /** Milliseconds. */
  readonly validDuration: number;
}

/**
 * An adapter at work with one set of parameters. It has the methods of the varieties that its templates belong to; each
 * is called with instances of those templates alone. A method that throws fails that one call.
 */
export interface Handler {
  check?(instance: CheckInstance): CheckResult;
  quota?(instance: QuotaInstance, request: QuotaRequest): QuotaResult;
  report?(instances: readonly ReportInstance[]): void;
  generate?(instance: KubernetesInstance): ReadonlyMap<string, Value>;
  close?(): void;
}

/** What adapters may do to the world. */
export interface AdapterEnvironment {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  log(level: 'info' | 'warn' | 'error', fields: Readonly<Record<string, unknown>>, message: string): void;
  /** Writes a line to STDOUT, STDERR or the file of that path. Never blocks; drops lines when nobody reads. */
  writeLine(target: string, line: string): void;
  /** A text over HTTP, up to 1 MiB; rejects when it cannot be had within 10 s. */
  fetchText(url: string): Promise<string>;
  /** The workloads of the config in force. */
  workloads(): WorkloadDirectory;
  readonly metrics: MetricRegistry;
}

/** An instance that some rule sends to a handler. */
export interface HandlerInstance {
  /** `NAME.instance.NAMESPACE` */
  readonly fqn: string;
  readonly name: string;
  readonly template: Instance['template'];
}

export type Validated<Params> = { readonly params: Params; readonly problems: readonly Problem[] };

/** A kind of handler. */
export interface Adapter<Params = never> {
  /** As `compiledAdapter` names it. */
  readonly name: string;
  readonly templates: ReadonlySet<Instance['template']>;
  /** Reads `spec.params`. Parameters with problems are never used: a limit that was misspelt must not become a default. */
  validate(params: unknown): Validated<Params>;
  /** What is wrong with an instance being sent to a handler of these parameters. */
  validateInstance?(params: Params, instance: HandlerInstance): string | undefined;
  /** `previous`: the handler of the same name that this one takes the place of, to carry its state over. Throws where it cannot start. */
  build(params: Params, environment: AdapterEnvironment, name: string, previous?: Handler): Handler;
}
