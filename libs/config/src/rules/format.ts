import type { LogLabels } from '../kinds/extension-provider.js';
import type { Scope } from '../problem.js';
import { checkHeaderValue } from './header-value.js';

/** A command of logs alone: a header without what follows a question mark. */
const WITHOUT_QUERY = /%REQ_WITHOUT_QUERY\([^)]+\)(?::\d+)?%/g;

/** A text with Envoy's commands, `%REQ(x)%`: as in headers, but on lines of its own. */
export function checkFormat(format: string, scope: Scope): void {
  checkHeaderValue(format.replace(WITHOUT_QUERY, '').replace(/[\r\n]/g, ' '), scope);
}

/** Labels of a log: texts with commands, in objects of any depth. */
export function checkFormatLabels(labels: LogLabels | undefined, scope: Scope): void {
  for (const [name, value] of Object.entries(labels ?? {})) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (typeof value === 'string') checkFormat(value, scope.at(name));
    else if (isObject) checkFormatLabels(value, scope.at(name));
    else scope.at(name).error('has to be a text, or an object of texts');
  }
}
