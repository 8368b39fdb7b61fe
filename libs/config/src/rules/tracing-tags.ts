import type { TracingTag } from '../kinds/telemetry.js';
import type { Scope } from '../problem.js';
import { checkFormat } from './format.js';
import { checkHeaderName } from './text.js';

const FORMS = ['literal', 'environment', 'header', 'formatter'] as const;

/** Each tag has a name and exactly one form, whose text must not be empty: Envoy refuses the listener else. */
export function checkTags(tags: Readonly<Record<string, TracingTag>> | undefined, scope: Scope): void {
  for (const [name, tag] of Object.entries(tags ?? {})) {
    const at = scope.at(name);
    if (name === '') at.error('a tag needs a name');
    const forms = FORMS.filter((form) => tag[form] !== undefined);
    if (forms.length !== 1) at.error(`takes exactly one of ${FORMS.join(', ')}`);
    if (tag.literal && !tag.literal.value) at.at('literal', 'value').error('must not be empty');
    if (tag.environment && !tag.environment.name) at.at('environment', 'name').error('must not be empty');
    if (tag.header) checkHeaderName(tag.header.name ?? '', at.at('header', 'name'));
    if (tag.formatter && !tag.formatter.value) at.at('formatter', 'value').error('must not be empty');
    checkFormat(tag.formatter?.value ?? '', at.at('formatter', 'value'));
  }
}
