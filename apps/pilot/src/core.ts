/** Pilot's pure core, for the command line and for tests: no sockets, no clock. */
export { generateAll } from './generate/generate-all.js';
export type { Generated } from './generate/generate-all.js';
export { generators } from './generate/generators.js';
export { TYPE } from './model/contract.js';
export type { Fact, Generator, TypeUrl, World, WorldUpdate, WorldView } from './model/contract.js';
export { proxyFromNode } from './model/node.js';
export type { Node, NodeResult } from './model/node.js';
export type { Proxy } from './model/proxy.js';
export { simulate } from './simulate/index.js';
export type { Call, HttpRequest, Outcome } from './simulate/index.js';
export { describeProxy, translate, worldOf } from './translate.js';
export type { Translation, TranslationRequest, TranslationResult } from './translate.js';
export type { Environment } from './world/view.js';
export { createWorld } from './world/world.js';
export { ANY_NAMESPACE } from './model/credential.js';
export { PILOT_PERMISSIONS, SECRETS_RULE } from './registries/kubernetes/watched.js';
