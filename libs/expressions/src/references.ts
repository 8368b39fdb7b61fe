import type { Expression } from './ast.js';
import { ExpressionError } from './ast.js';
import { parse } from './parser.js';

/** Header names in lower case, each once. */
export interface ReferencedHeaders {
  readonly request: readonly string[];
  /** Response headers, and trailers: which of the two gRPC uses depends on the answer. */
  readonly response: readonly string[];
}

/** Attributes that are no headers but are read from some. */
const DERIVED: ReadonlyMap<
  string,
  { readonly request?: readonly string[]; readonly response?: readonly string[] }
> = new Map([
  ['context.protocol', { request: ['content-type'] }],
  ['request.api_key', { request: ['x-api-key'] }],
  ['response.grpc_status', { response: ['grpc-status'] }],
  ['response.grpc_message', { response: ['grpc-message'] }],
]);

/** The attributes that an expression may read, sorted; of a map, each literal key: `request.headers[user-agent]`. */
export function referencedAttributes(expression: Expression): string[] {
  const found = new Set<string>();
  visit(expression, (name, key) => found.add(key === undefined ? name : `${name}[${key}]`));
  return [...found].sort();
}

/**
 * The headers that an expression reads, by literal key or through an attribute that is made of one: what an access
 * log has to carry for the expression to see it. Empty for a text that does not parse.
 */
export function referencedHeaders(text: string): ReferencedHeaders {
  const request = new Set<string>();
  const response = new Set<string>();
  const expression = parse(text);
  if (expression instanceof ExpressionError) return { request: [], response: [] };
  visit(expression, (name, key) => {
    if (name === 'request.headers' && key !== undefined) request.add(key.toLowerCase());
    if (name === 'response.headers' && key !== undefined) response.add(key.toLowerCase());
    for (const header of DERIVED.get(name)?.request ?? []) request.add(header);
    for (const header of DERIVED.get(name)?.response ?? []) response.add(header);
  });
  return { request: [...request].sort(), response: [...response].sort() };
}

function visit(node: Expression, found: (attribute: string, key?: string) => void): void {
  if (node.kind === 'attribute') found(node.name);
  if (node.kind !== 'call') return;
  const [map, key] = node.args;
  if (node.name === 'INDEX' && map?.kind === 'attribute' && key?.kind === 'literal') {
    found(map.name, String(key.value));
    return;
  }
  for (const operand of node.target ? [node.target, ...node.args] : node.args) visit(operand, found);
}
