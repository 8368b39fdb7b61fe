import type { AttributeBag } from '#expressions';
import type { Failure } from '#expressions';
import type { Memo } from './dimensions.js';
import type { FieldCompiler } from './field-compiler.js';
import type { Instance, Variety } from './instances.js';

/** Makes an instance for one request; a Failure where a field has no value. */
export type InstanceBuilder = (bag: AttributeBag, memo: Memo) => Instance | Failure;

/** The shape of one kind of instance. */
export interface Template {
  /** As `compiledTemplate` names it. */
  readonly name: Instance['template'];
  readonly variety: Variety;
  /** Field names, in camel case. */
  readonly fields: readonly string[];
  /** Compiles an instance's expressions; mistakes go to the compiler's problems. */
  compile(name: string, fields: FieldCompiler): InstanceBuilder;
}
