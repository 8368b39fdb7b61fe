/** Mixer's pure part, for the CLI. */
export { evaluateExpression, type Evaluation } from './attributes/evaluate.js';
