import type { AttributeBag } from '#expressions';
import type { HeaderOperation } from '../config/rules.js';
import type { Directive } from '../routing/table.js';
import { holds } from './dispatcher.js';

/** One change of a header; a REMOVE has no value. */
export interface HeaderChange {
  readonly name: string;
  readonly value: string;
  readonly operation: HeaderOperation['operation'];
}

const NONE: readonly HeaderChange[] = [];

/** The changes that hold for a request, in order. One whose value is empty or absent is left out. */
export function headerChanges(
  directives: readonly Directive[],
  side: 'requestHeaders' | 'responseHeaders',
  bag: AttributeBag,
): readonly HeaderChange[] {
  if (directives.length === 0) return NONE;
  return directives
    .filter((directive) => holds(directive.match, bag))
    .flatMap((directive) => directive[side].flatMap((operation) => changesOf(operation, bag)));
}

function changesOf({ name, values, operation }: HeaderOperation, bag: AttributeBag): HeaderChange[] {
  if (operation === 'REMOVE') return [{ name, value: '', operation }];
  const texts = values
    .map((value) => value.evaluate(bag))
    .filter((value): value is string => typeof value === 'string' && value !== '');
  // The first replaces what was there, the others stand beside it.
  return texts.map((value, index) => ({ name, value, operation: index === 0 ? operation : 'APPEND' }));
}
