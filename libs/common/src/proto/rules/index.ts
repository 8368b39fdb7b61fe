/** The rules that Envoy's API states on its messages, checked on encoded ones. */
export { brokenRule } from './check.js';
