import type { ValueType } from '#config';
import type { Value } from './values.js';

/** An expression as parsed. `position` is the 0-based offset in the text that an error should point at. */
export type Expression = Literal | Attribute | Call;

export interface Literal {
  readonly kind: 'literal';
  readonly type: ValueType;
  readonly value: Value;
  readonly position: number;
}

/** A flat attribute name, dots included. */
export interface Attribute {
  readonly kind: 'attribute';
  readonly name: string;
  readonly position: number;
}

/** A function call. Operators are calls by Mixer's names for them: EQ, NEQ, LT, LE, GT, GE, LAND, LOR, ADD, OR, INDEX. */
export interface Call {
  readonly kind: 'call';
  readonly name: string;
  /** What a method is called on: `target.startsWith(...)`. */
  readonly target?: Expression;
  readonly args: readonly Expression[];
  readonly position: number;
}

/** Why an expression cannot be used. The only error that this library makes; returned, never thrown, by its API. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';

  constructor(
    message: string,
    /** 0-based offset in the expression's text. */
    readonly position: number,
  ) {
    super(message);
  }
}
