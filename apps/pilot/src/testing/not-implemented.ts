import { fieldName } from './field-coverage.js';

/** Fields that Istio's API has and Istio acts on nowhere, each with the reason that docs/fields.md gives. */
export const NOT_IMPLEMENTED: ReadonlyMap<string, string> = new Map([
  [fieldName('VirtualService', 'http[].fault.delay.exponentialDelay'), 'Istio: reserved, never implemented'],
  [fieldName('VirtualService', 'http[].fault.abort.http2Error'), 'Istio: reserved, never implemented'],
]);
