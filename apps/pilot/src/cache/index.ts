export { contentVersion } from './content-version.js';
export { ResourceCache } from './resource-cache.js';
export type { GenerationFailure, InvalidEntry, Names, ProxyClass, Touched } from './scope.js';
export { encodeDelta, encodeSotw, takesVirtualHosts } from './wire.js';
export type { RuleCheck } from './generated.js';
