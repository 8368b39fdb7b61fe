export * from './canonical.js';
export * from './diagnostics.js';
export * from './resource.js';
export * from './kinds/mesh.js';
export * from './kinds/networking.js';
export * from './kinds/policy.js';
export * from './kinds/security.js';
