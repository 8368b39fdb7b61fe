import { checkNothing, listEntry, quota } from './check.js';
import { kubernetes } from './kubernetes.js';
import { logEntry, metric, reportNothing } from './report.js';
import type { Template } from './template.js';

export * from './dimensions.js';
export * from './field-compiler.js';
export * from './instances.js';
export { KUBERNETES_OUTPUTS } from './kubernetes.js';
export * from './template.js';

/** By the name that `compiledTemplate` gives, which is also the legacy kind of such an instance. */
export const TEMPLATES: ReadonlyMap<string, Template> = new Map(
  [checkNothing, listEntry, quota, metric, logEntry, reportNothing, kubernetes].map((template) => [
    template.name,
    template,
  ]),
);
