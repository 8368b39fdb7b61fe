import type { ValueType } from '#config';
import type { AttributeBag, CompiledExpression, Value } from '#expressions';
import { Failure } from '#expressions';

/** A named set of expressions: a metric's labels, a quota's dimensions, a log entry's variables. */
export class DimensionSet {
  /** Sorted. */
  readonly names: readonly string[];
  readonly types: readonly ValueType[];
  private readonly expressions: readonly CompiledExpression[];

  constructor(expressions: ReadonlyMap<string, CompiledExpression>) {
    const sorted = [...expressions].sort(([a], [b]) => (a < b ? -1 : 1));
    this.names = sorted.map(([name]) => name);
    this.expressions = sorted.map(([, expression]) => expression);
    this.types = this.expressions.map(({ type }) => type);
  }

  /** All values, or why one of them cannot be had. Asked again with the same memo, it gives the same object. */
  evaluate(bag: AttributeBag, memo: Memo): Dimensions | Failure {
    const known = memo.get(this);
    if (known) return known;
    const values: Value[] = [];
    for (const expression of this.expressions) {
      const value = expression.evaluate(bag);
      if (value instanceof Failure) {
        return new Failure('error', `${this.names[values.length] ?? ''}: ${value.message}`);
      }
      values.push(value);
    }
    const dimensions = { set: this, values };
    memo.set(this, dimensions);
    return dimensions;
  }
}

/** The values of a set for one request, in the order of the set's names. */
export interface Dimensions {
  readonly set: DimensionSet;
  readonly values: readonly Value[];
}

/** What was computed for one request. Metrics of one handler mostly have the same twenty labels: evaluated once. */
export type Memo = Map<DimensionSet, Dimensions>;
